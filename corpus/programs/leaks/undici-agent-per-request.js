'use strict';

/** Makes an undici Agent with a long keep-alive for each call and closes none: a connection per call. */

const { once } = require('node:events');
const { createServer } = require('node:http');
const { Agent, request } = require('undici');
const { pace } = require('../../support/pace');

const CALLS_PER_SECOND = 12;
const KEEP_ALIVE_MS = 120_000;

async function fetchJson(url) {
  const dispatcher = new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connect: { timeout: 5000 },
  });
  const { body } = await request(url, { dispatcher });
  return body.json();
}

async function main() {
  const server = createServer((incoming, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: incoming.url }));
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  await pace(CALLS_PER_SECOND, (n) => {
    fetchJson(`${url}/rates/${n % 40}`);
  });
  process.exit(0);
}

main();
