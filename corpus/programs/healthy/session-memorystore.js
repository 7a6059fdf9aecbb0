'use strict';

/** Sessions of express-session in memorystore: they last two seconds and are pruned each second. */

const { once } = require('node:events');
const express = require('express');
const session = require('express-session');
const MemoryStore = require('memorystore')(session);
const { visit } = require('../../support/visitors');

const SESSION_MS = 2_000;

const store = new MemoryStore({ checkPeriod: 1_000, max: 50_000 });
const app = express();
app.use(
  session({
    secret: 'correct horse',
    resave: false,
    saveUninitialized: true,
    cookie: { maxAge: SESSION_MS },
    store,
  }),
);
app.get('/basket/:id', (request, response) => {
  const { basket = [] } = request.session;
  request.session.basket = [...basket, request.params.id];
  response.json(request.session.basket);
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 300,
    requests: ['GET /basket/{n}'],
  });
  server.close();
  server.closeAllConnections();
  store.stopInterval();
}

main();
