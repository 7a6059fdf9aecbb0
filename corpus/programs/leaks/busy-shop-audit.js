'use strict';

/** A busy shop in good order (a bounded cache, listeners and timers taken away) but for one log in memory. */

const { EventEmitter, once } = require('node:events');
const express = require('express');
const { LRUCache } = require('lru-cache');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 200;
const REQUEST_TIMEOUT_MS = 3000;

const products = new LRUCache({ max: 400 });
const prices = new EventEmitter();
prices.setMaxListeners(0);

const auditTrail = [];

function audit(request, what) {
  auditTrail.push({
    what,
    who: request.ip,
    path: request.originalUrl,
    at: new Date(),
    details: { agent: request.get('user-agent'), query: { ...request.query } },
  });
}

const app = express();
app.use(express.json());

app.use((_request, response, next) => {
  const timeout = setTimeout(() => response.status(503).end(), REQUEST_TIMEOUT_MS);
  const onPrice = ({ id }) => products.delete(id);
  prices.on('change', onPrice);
  response.once('close', () => {
    clearTimeout(timeout);
    prices.off('change', onPrice);
  });
  next();
});

app.get('/products/:id', async (request, response) => {
  const { id } = request.params;
  let product = products.get(id);
  if (product === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 8));
    product = {
      id,
      name: `Product ${id}`,
      tags: ['new', `shelf-${id % 40}`],
      text: 'x'.repeat(300),
    };
    products.set(id, product);
  }
  response.json(product);
});

app.post('/orders', (request, response) => {
  prices.emit('change', { id: String(request.body.order % 400) });
  audit(request, `order ${request.body.order}`);
  response.status(201).json({ accepted: request.body.order });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /products/{rank}', 'GET /products/{id}', 'POST /orders'],
  });
  process.exit(0);
}

main();
