'use strict';

/** Counts requests by prom-client with the whole path as a label: a series per path that was ever asked for. */

const { once } = require('node:events');
const Koa = require('koa');
const client = require('prom-client');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;

const requests = new client.Counter({
  name: 'http_requests_total',
  help: 'Requests by method, path and status',
  labelNames: ['method', 'path', 'status'],
});

const app = new Koa();

app.use(async (context, next) => {
  await next();
  requests.inc({ method: context.method, path: context.path, status: context.status });
});

app.use(async (context) => {
  await new Promise(setImmediate);
  context.body = { path: context.path, ok: true };
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /users/{n}/orders', 'GET /users/{n}/basket', 'GET /health'],
  });
  process.exit(0);
}

main();
