'use strict';

/** A report server that watches the connection of each request; connections live for many requests. */

const { once } = require('node:events');
const Koa = require('koa');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 200;
const ROWS = 40;

const app = new Koa();

app.use(async (context) => {
  let abandoned = false;
  const rows = [];
  context.req.socket.on('close', () => {
    abandoned = true;
    rows.length = 0;
  });
  for (let row = 0; row < ROWS && !abandoned; row += 1) {
    rows.push({ row, total: row * 17 });
    if (row % 10 === 0) await new Promise(setImmediate);
  }
  context.body = { path: context.path, rows };
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  server.on('connection', (socket) => socket.setMaxListeners(0));
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /reports/{id}', 'GET /reports/{n}'],
  });
  process.exit(0);
}

main();
