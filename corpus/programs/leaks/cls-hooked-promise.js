'use strict';

/** Carries the user of each request by cls-hooked; a context with a promise in it is never let go. */

const { once } = require('node:events');
const { createNamespace } = require('cls-hooked');
const express = require('express');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 80;

const namespace = createNamespace('request');

async function loadUser(name) {
  return { name, rights: ['read', 'comment'], settings: { language: 'en', pageSize: 20 } };
}

const app = express();

app.use((request, _response, next) => {
  namespace.run(() => {
    namespace.set('user', loadUser(request.query.user ?? 'guest'));
    next();
  });
});

app.get('/comments', async (_request, response) => {
  const { name, rights } = await namespace.get('user');
  response.json({ name, mayComment: rights.includes('comment') });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /comments?user=u{n}'],
  });
  process.exit(0);
}

main();
