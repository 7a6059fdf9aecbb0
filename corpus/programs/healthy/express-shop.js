'use strict';

/** A shop on Express under load: a listener and a timer per request, all of them taken away again. */

const { EventEmitter, once } = require('node:events');
const express = require('express');
const { LRUCache } = require('lru-cache');
const { visit } = require('../../support/visitors');

const REQUEST_TIMEOUT_MS = 5000;

const prices = new EventEmitter();
prices.setMaxListeners(0);
const products = new LRUCache({ max: 500 });

const app = express();
app.use(express.json());

app.use((_request, response, next) => {
  const timeout = setTimeout(() => response.status(503).end(), REQUEST_TIMEOUT_MS);
  const onChange = (id) => products.delete(id);
  prices.on('change', onChange);
  response.once('close', () => {
    clearTimeout(timeout);
    prices.off('change', onChange);
  });
  next();
});

app.get('/products/:id', async (request, response) => {
  const { id } = request.params;
  let product = products.get(id);
  if (product === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    product = { id, name: `Product ${id}`, tags: ['new', `shelf-${id % 40}`] };
    products.set(id, product);
  }
  response.json(product);
});

app.post('/orders', (request, response) => {
  prices.emit('change', String(request.body.order % 500));
  response.status(201).json({ accepted: request.body });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 150,
    requests: ['GET /products/{rank}', 'GET /products/{n}', 'POST /orders'],
  });
  server.close();
  server.closeAllConnections();
}

main();
