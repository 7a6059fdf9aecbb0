/** Weather through got: the far service fails now and then, retries end after three, and who waits too long is cut off. */

import { once } from 'node:events';
import http from 'node:http';
import got, { HTTPError, TimeoutError } from 'got';
import pacing from '../../support/pace.js';

const STATIONS = 50;

/** The far service: every fifth answer is an error, every thirtieth comes too late. */
let asked = 0;
const service = http.createServer((request, response) => {
  asked += 1;
  if (asked % 5 === 0) {
    response.writeHead(503, { 'content-type': 'text/plain' }).end('later');
    return;
  }
  const answering = setTimeout(
    () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ path: request.url, celsius: asked % 40, hours: Array(24).fill(7) }),
      );
    },
    asked % 30 === 1 ? 900 : 8,
  );
  response.on('close', () => clearTimeout(answering));
});
service.listen(0, '127.0.0.1');
await once(service, 'listening');

const agent = { http: new http.Agent({ keepAlive: true, maxSockets: 10 }) };
const latest = new Map();
const counted = { retries: 0, given: 0, late: 0, failed: 0 };

const weather = got.extend({
  prefixUrl: `http://127.0.0.1:${service.address().port}`,
  agent,
  responseType: 'json',
  timeout: { response: 400 },
  retry: { limit: 3, calculateDelay: ({ computedValue }) => (computedValue > 0 ? 30 : 0) },
  hooks: {
    beforeRetry: [
      () => {
        counted.retries += 1;
      },
    ],
  },
});

async function refresh(station) {
  try {
    const report = await weather(`stations/${station}`).json();
    latest.set(station, report);
    counted.given += 1;
  } catch (error) {
    if (error instanceof TimeoutError) counted.late += 1;
    else if (error instanceof HTTPError) counted.failed += 1;
    else throw error;
  }
}

const open = new Set();
await pacing.pace(25, (n) => {
  const work = refresh((n * 7) % STATIONS).finally(() => open.delete(work));
  open.add(work);
});
await Promise.all(open);
agent.http.destroy();
service.close();
service.closeAllConnections();
