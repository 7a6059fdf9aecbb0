'use strict';

/** A checkout that gives each basket an hour to be paid; baskets that are paid keep their deadline. */

const { once } = require('node:events');
const fastify = require('fastify');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;
const HOUR_MS = 3_600_000;

class Basket {
  constructor(id, items) {
    this.id = id;
    this.items = items;
    this.state = 'open';
    this.deadline = setTimeout(() => this.expire(), HOUR_MS);
  }

  pay() {
    this.state = 'paid';
    return { basket: this.id, total: this.items.length * 12 };
  }

  expire() {
    if (this.state === 'open') this.state = 'expired';
  }
}

const app = fastify();

app.post('/checkout', async (request) => {
  const { order, items } = request.body;
  const basket = new Basket(order, items);
  await new Promise(setImmediate);
  return basket.pay();
});

async function main() {
  await app.listen({ host: '127.0.0.1', port: 0 });
  if (!app.server.listening) await once(app.server, 'listening');
  await visit(`http://127.0.0.1:${app.server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['POST /checkout'],
  });
  process.exit(0);
}

main();
