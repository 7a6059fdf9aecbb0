'use strict';

/** An API that makes its express-rate-limit limiter inside the handler: a store and an interval per request. */

const { once } = require('node:events');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 100;
const WINDOW_MS = 15 * 60 * 1000;
const LIMIT_BY_PLAN = { free: 100, paid: 10_000 };

const app = express();

app.use((request, response, next) => {
  const plan = request.query.plan === 'paid' ? 'paid' : 'free';
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit: LIMIT_BY_PLAN[plan],
    standardHeaders: true,
    legacyHeaders: false,
    validate: false,
  });
  limiter(request, response, next);
});

app.get('/forecast/:id', (request, response) => {
  response.json({ town: request.params.id, celsius: 12 });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /forecast/{id}', 'GET /forecast/{id}?plan=paid'],
  });
  process.exit(0);
}

main();
