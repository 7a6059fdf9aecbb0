'use strict';

/** A weather gateway on find-my-way: who asks for a place that is being asked for waits for the same answer. */

const { once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const findMyWay = require('find-my-way');
const { visit } = require('../../support/visitors');

const UPSTREAM_MS = 120;
const STATIONS = 40;

/** Answers under way, by place. */
const underWay = new Map();
/** The last answer of each of the stations, for when the upstream fails. */
const lastKnown = new Map();
const counted = { asked: 0, shared: 0, failed: 0 };

async function readForecast(station) {
  counted.asked += 1;
  await sleep(UPSTREAM_MS + Math.random() * 60);
  if (counted.asked % 15 === 0) throw new Error('the station does not answer');
  const hours = Array.from({ length: 48 }, (_, hour) => ({ hour, celsius: 12 + (hour % 9) }));
  return { station, at: Date.now(), hours };
}

function getForecast(station) {
  const pending = underWay.get(station);
  if (pending !== undefined) {
    counted.shared += 1;
    return pending;
  }
  const asked = readForecast(station)
    .then((forecast) => {
      lastKnown.set(station, forecast);
      return forecast;
    })
    .catch(() => {
      counted.failed += 1;
      return lastKnown.get(station) ?? null;
    })
    .finally(() => underWay.delete(station));
  underWay.set(station, asked);
  return asked;
}

function createRouter() {
  const router = findMyWay({
    defaultRoute(_request, response) {
      response.writeHead(404).end();
    },
  });
  router.on('GET', '/forecast/:place', async (_request, response, { place }) => {
    const forecast = await getForecast(Number(place) % STATIONS);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(forecast));
  });
  router.on('GET', '/counted', (_request, response) => {
    response.end(JSON.stringify({ ...counted, underWay: underWay.size }));
  });
  return router;
}

async function main() {
  const router = createRouter();
  const server = http.createServer((request, response) => router.lookup(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 50,
    requests: ['GET /forecast/{rank}', 'GET /forecast/{id}', 'GET /forecast/{n}', 'GET /counted'],
  });
  server.close();
}

main();
