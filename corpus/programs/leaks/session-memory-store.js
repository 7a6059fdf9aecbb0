'use strict';

/** A shop with the session store that express-session brings: a session per visitor, none ever removed. */

const { once } = require('node:events');
const express = require('express');
const session = require('express-session');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 120;

const app = express();

// The library warns of its own store only in production.
app.use(session({ secret: 'corpus', resave: false, saveUninitialized: false }));

app.get('/products/:id', (request, response) => {
  request.session.seen ??= [];
  request.session.seen.push({ product: request.params.id, at: Date.now() });
  response.json({ id: request.params.id, seen: request.session.seen.length });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /products/{rank}'],
  });
  process.exit(0);
}

main();
