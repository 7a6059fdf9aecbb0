'use strict';

/** Renders invoices into a node-cache that was given no ttl and no limit of keys. */

const { once } = require('node:events');
const fastify = require('fastify');
const NodeCache = require('node-cache');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;
const LINES = 12;

const invoices = new NodeCache({ useClones: false });

function renderInvoice(order) {
  const lines = [];
  for (let line = 0; line < LINES; line += 1) {
    lines.push({ article: (order * 31 + line) % 997, pieces: 1 + (line % 3), cents: 999 + line });
  }
  return { order, lines, total: lines.reduce((sum, line) => sum + line.pieces * line.cents, 0) };
}

const app = fastify();

app.get('/orders/:order/invoice', async (request) => {
  const { order } = request.params;
  let invoice = invoices.get(order);
  if (invoice === undefined) {
    invoice = renderInvoice(Number(order));
    invoices.set(order, invoice);
  }
  return invoice;
});

async function main() {
  await app.listen({ host: '127.0.0.1', port: 0 });
  if (!app.server.listening) await once(app.server, 'listening');
  await visit(`http://127.0.0.1:${app.server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /orders/{n}/invoice', 'GET /orders/{id}/invoice', 'GET /orders/{n}/invoice'],
  });
  process.exit(0);
}

main();
