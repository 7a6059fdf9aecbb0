'use strict';

/**
 * A small shop on Express. It knows nothing of leakguard. Four of its lines leak, each below a
 * comment `leak: <name>`; four others look alike and are healthy, each below `healthy: <name>`. The
 * demo finds the lines by these comments and the leaks by leakguard's report alone.
 */

const { EventEmitter, setMaxListeners } = require('node:events');
const http = require('node:http');
const express = require('express');
const { LRUCache } = require('lru-cache');
const { WebSocketServer } = require('ws');

const PRODUCTS = 10_000;
const CACHED_PRODUCTS = 2_000;
const PAGE = 20;
const POSTCODES = 100_000;
const SHELVES = 1_000;
const WAREHOUSES = 50;

/** Everything that lives as long as the process. */
const shop = new EventEmitter();
const shutdown = new AbortController();
const searches = new Map();
const postcodes = new Map();
let dropped = 0;
const products = new LRUCache({
  max: CACHED_PRODUCTS,
  dispose: () => {
    dropped += 1;
  },
});
const warehouses = Array.from({ length: WAREHOUSES }, (_, id) => ({ id, orders: 0 }));
const shelves = Array.from({ length: SHELVES }, (_, id) => ({ id, stock: 100 }));

// Node's own warning comes once, at 11 listeners and without a line; many services lift the limit.
setMaxListeners(0, shop, shutdown.signal);

for (let code = 0; code < POSTCODES; code += 1) {
  // healthy: static Map - large, but filled once
  postcodes.set(code, `Town ${code % 500}`);
}
for (const shelf of shelves) {
  const count = () => {
    shelf.stock = 90 + Math.floor(Math.random() * 20);
  };
  // healthy: 1,000 intervals - many, but all from the start
  setInterval(count, 1000);
}
for (const warehouse of warehouses) {
  const fetchOrder = () => {
    warehouse.orders += 1;
  };
  // healthy: 50 listeners - one for each warehouse there is
  shop.on('order', fetchOrder);
}
setInterval(() => shop.emit('price', Math.floor(Math.random() * PRODUCTS)), 500);

/** @param {number} id */
function findProduct(id) {
  const known = products.get(id);
  if (known !== undefined) return known;
  const product = { id, name: `Product ${id}`, cents: 100 + (id % 900) };
  // healthy: lru-cache - always full, and always changing
  products.set(id, product);
  return product;
}

/** @param {string} words */
function search(words) {
  if (!searches.has(words)) {
    const hits = Array.from({ length: 3 }, (_, n) => (words.length * 31 + n) % PRODUCTS);
    // leak: unbounded cache - every new question stays for good
    searches.set(words, hits);
  }
  return searches.get(words).map(findProduct);
}

const app = express();

app.get('/products', (request, response) => {
  const ids = Array.from({ length: PAGE }, () => Math.floor(Math.random() * PRODUCTS));
  response.json({ page: request.query.page, products: ids.map(findProduct) });
});

app.get('/search', (request, response) => {
  response.json(search(String(request.query.q)));
});

app.get('/products/:id', (request, response) => {
  const product = { ...findProduct(Number(request.params.id)) };
  const onPrice = (id) => {
    if (id === product.id) product.cents += 1;
  };
  // leak: listener per request - nobody takes it off when the response is done
  shop.on('price', onPrice);
  response.json(product);
});

app.get('/orders/:id/invoice', (request, response) => {
  const invoice = { id: request.params.id, town: postcodes.get(Number(request.params.id)) };
  const cancel = () => response.destroy();
  // leak: abort listener - the signal outlives the request by days
  shutdown.signal.addEventListener('abort', cancel);
  shop.emit('order', invoice.id);
  response.json(invoice);
});

const server = http.createServer(app);
const live = new WebSocketServer({ server, path: '/live' });

live.on('connection', (socket) => {
  const beat = () => socket.ping();
  // leak: interval per connection - goes on when the connection is closed
  setInterval(beat, 15_000);
  socket.send(JSON.stringify({ open: shelves.length }));
});

server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', () => {
  console.log(`the lru-cache holds ${products.size} products and has dropped ${dropped}`);
  shutdown.abort();
  server.close(() => process.exit());
  for (const socket of live.clients) socket.terminate();
  server.closeAllConnections();
});
