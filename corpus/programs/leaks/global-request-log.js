'use strict';

/** An API that keeps a log of its requests in an array on globalThis, for a debugging page nobody opens. */

const { once } = require('node:events');
const express = require('express');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;

globalThis.requestLog = [];

const app = express();

app.use((request, response, next) => {
  const entry = {
    method: request.method,
    url: request.originalUrl,
    agent: request.get('user-agent') ?? 'unknown',
    headers: { ...request.headers },
    startedAt: Date.now(),
    status: 0,
  };
  globalThis.requestLog.push(entry);
  response.once('finish', () => {
    entry.status = response.statusCode;
  });
  next();
});

app.get('/debug/requests', (_request, response) => {
  response.json(globalThis.requestLog);
});

app.get('/towns/:id', (request, response) => {
  response.json({ id: request.params.id, inhabitants: 40_000 });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /towns/{id}', 'GET /towns/{n}'],
  });
  process.exit(0);
}

main();
