'use strict';

/** An API that limits each key with @fastify/rate-limit: two hundred keys are remembered, ever new ones come. */

const fastify = require('fastify');
const rateLimit = require('@fastify/rate-limit');
const { visit } = require('../../support/visitors');

async function main() {
  const app = fastify({ forceCloseConnections: true });
  await app.register(rateLimit, {
    max: 500,
    timeWindow: 800,
    cache: 200,
    keyGenerator: (request) => request.params.key,
  });
  app.get('/geocode/:key', async (request) => {
    const { key } = request.params;
    return { key, latitude: 50 + (key.length % 9), longitude: 8 + (key.length % 7) };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await visit(url, {
    perSecond: 110,
    requests: ['GET /geocode/key-{n}', 'GET /geocode/guest-{n}', 'GET /geocode/partner-{id}'],
  });
  await app.close();
}

main();
