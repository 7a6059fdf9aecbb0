'use strict';

/** Departures by better-sse: sessions join their station's channel and are ended after a while. */

const { once } = require('node:events');
const http = require('node:http');
const { createChannel, createSession } = require('better-sse');
const { visit } = require('../../support/visitors');

const STATIONS = 6;
const STAY_MS = 600;
const DEPARTURE_MS = 120;

const channels = Array.from({ length: STATIONS }, () => createChannel());

async function board(request, response) {
  const station = Number(request.url.split('/').at(-1)) % STATIONS;
  const session = await createSession(request, response, { keepAlive: 200 });
  channels[station].register(session);
  // The clients come back by themselves.
  setTimeout(() => response.end(), STAY_MS);
}

async function main() {
  const server = http.createServer(board);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let departures = 0;
  const trains = setInterval(() => {
    departures += 1;
    const train = { line: `S${departures % 9}`, track: departures % 12, delay: departures % 4 };
    channels[departures % STATIONS].broadcast(train, 'departure');
  }, DEPARTURE_MS);
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 12,
    requests: ['GET /board/{id}'],
  });
  clearInterval(trains);
  server.close();
  server.closeAllConnections();
}

main();
