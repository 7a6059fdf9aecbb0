'use strict';

/** Sends a timing per request through a statsd client made for it; each client has a UDP socket. */

const dgram = require('node:dgram');
const { once } = require('node:events');
const express = require('express');
const StatsD = require('node-statsd');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 20;

const collector = dgram.createSocket('udp4');

const app = express();

app.use((request, response, next) => {
  const startedAt = performance.now();
  response.once('finish', () => {
    const statsd = new StatsD({ host: '127.0.0.1', port: collector.address().port });
    statsd.timing(`shop.${request.method.toLowerCase()}`, performance.now() - startedAt);
  });
  next();
});

app.get('/products/:id', (request, response) => {
  response.json({ id: request.params.id });
});

async function main() {
  collector.bind(0, '127.0.0.1');
  await once(collector, 'listening');
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /products/{id}'],
  });
  process.exit(0);
}

main();
