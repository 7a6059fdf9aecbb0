'use strict';

/** An axios client that is made for each call, with an agentkeepalive of its own that is never destroyed. */

const { once } = require('node:events');
const { createServer } = require('node:http');
const KeepAliveAgent = require('agentkeepalive');
const axios = require('axios');
const { pace } = require('../../support/pace');

const CALLS_PER_SECOND = 12;
const IDLE_MS = 120_000;

function clientFor(user, baseURL) {
  return axios.create({
    baseURL,
    headers: { 'x-user': user },
    httpAgent: new KeepAliveAgent({ freeSocketTimeout: IDLE_MS, timeout: IDLE_MS }),
  });
}

async function main() {
  const server = createServer((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: incoming.url, user: incoming.headers['x-user'] }));
  });
  server.keepAliveTimeout = IDLE_MS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  await pace(CALLS_PER_SECOND, (n) => {
    clientFor(`user-${n % 200}`, url).get(`/baskets/${n}`);
  });
  process.exit(0);
}

main();
