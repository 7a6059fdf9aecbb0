'use strict';

/** Weather by hapi: a server method is cached by catbox for a second, with a timer per entry; stations are ever new. */

const Hapi = require('@hapi/hapi');
const { pace } = require('../../support/pace');
const { setTimeout: sleep } = require('node:timers/promises');

const GOOD_FOR_MS = 1_000;

async function measure(station) {
  await sleep(5);
  return { station, celsius: (station * 7) % 35, wind: { speed: station % 12, from: 'NNW' } };
}

async function start() {
  const server = Hapi.server({ port: 0, host: '127.0.0.1', debug: false });
  server.method('weather', measure, {
    cache: { expiresIn: GOOD_FOR_MS, generateTimeout: 500 },
    generateKey: String,
  });
  server.ext('onPreResponse', (request, h) => {
    if (request.response.isBoom) return h.continue;
    request.response.header('x-took', String(Date.now() - request.info.received));
    return h.continue;
  });
  server.route({
    method: 'GET',
    path: '/weather/{station}',
    handler: (request) => server.methods.weather(Number(request.params.station)),
  });
  await server.initialize();
  await server.start();
  return server;
}

async function main() {
  const server = await start();
  const open = new Set();
  await pace(40, (n) => {
    // A traveller asks for a new place and for the one before it.
    const station = n % 2 === 0 ? n : n - 2;
    const asked = server.inject(`/weather/${station}`).finally(() => open.delete(asked));
    open.add(asked);
  });
  await Promise.all(open);
  await server.stop({ timeout: 500 });
}

main();
