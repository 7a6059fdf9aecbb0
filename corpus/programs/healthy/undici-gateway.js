'use strict';

/** A gateway that asks its backend through an undici Pool, each time with a time limit. */

const { once } = require('node:events');
const http = require('node:http');
const { Pool } = require('undici');
const { pace } = require('../../support/pace');

const backend = http.createServer((request, response) => {
  setTimeout(() => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, stock: request.url.length }));
  }, 10);
});

async function ask(pool, path) {
  const signal = AbortSignal.timeout(2_000);
  try {
    const { body } = await pool.request({ path, method: 'GET', signal });
    return await body.json();
  } catch (error) {
    return { status: 504, reason: error.name };
  }
}

async function main() {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const pool = new Pool(`http://127.0.0.1:${backend.address().port}`, { connections: 16 });
  const open = new Set();
  await pace(200, (n) => {
    const asked = ask(pool, `/stock/${n}`).finally(() => open.delete(asked));
    open.add(asked);
  });
  await Promise.all(open);
  await pool.close();
  backend.close();
}

main();
