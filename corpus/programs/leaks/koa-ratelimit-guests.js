'use strict';

/** A Koa service that limits each guest with koa-ratelimit's memory driver, which drops no guest. */

const { once } = require('node:events');
const Koa = require('koa');
const ratelimit = require('koa-ratelimit');
const { visit } = require('../../support/visitors');

const app = new Koa();
// Clients hang up when the time is over.
app.silent = true;

app.use(
  ratelimit({
    driver: 'memory',
    db: new Map(),
    duration: 500,
    max: 20,
    errorMessage: 'Slow down.',
    // Guests are told apart by the token in their link.
    id: (ctx) => ctx.path.split('/')[2],
  }),
);

app.use((ctx) => {
  const [, page, guest] = ctx.path.split('/');
  ctx.body = { page, guest, seats: guest.length * 3 };
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 100,
    requests: ['GET /table/guest-{n}', 'GET /menu/guest-{n}'],
  });
  server.close();
  server.closeAllConnections();
}

main();
