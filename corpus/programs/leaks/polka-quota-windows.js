'use strict';

/** A polka API with a quota per key and second, counted in a plain object that keeps every second. */

const { once } = require('node:events');
const polka = require('polka');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 200;
const WINDOW_MS = 1000;
const MAX_PER_WINDOW = 100;

const usage = {};

function quota(request, response, next) {
  const window = Math.floor(Date.now() / WINDOW_MS);
  const key = `${request.params.key}:${window}`;
  usage[key] = usage[key] ?? { requests: 0, first: Date.now(), last: 0 };
  usage[key].requests += 1;
  usage[key].last = Date.now();
  if (usage[key].requests > MAX_PER_WINDOW) {
    response.statusCode = 429;
    response.end();
    return;
  }
  response.setHeader('x-quota-left', MAX_PER_WINDOW - usage[key].requests);
  next();
}

function reply(response, value) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

const app = polka()
  .get('/keys/:key/weather', quota, (_request, response) => {
    reply(response, { celsius: 12 + (Date.now() % 15), wind: 'west' });
  })
  .get('/keys/:key/forecast', quota, (_request, response) => {
    reply(
      response,
      Array.from({ length: 7 }, (_, day) => ({ day, celsius: 12 + day })),
    );
  });

async function main() {
  app.listen(0, '127.0.0.1');
  if (!app.server.listening) await once(app.server, 'listening');
  await visit(`http://127.0.0.1:${app.server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /keys/{id}/weather', 'GET /keys/{id}/forecast', 'GET /keys/{rank}/weather'],
  });
  process.exit(0);
}

main();
