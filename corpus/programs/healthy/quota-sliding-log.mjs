/** An API with a quota on plain node:http: per key the times of the last second, and keys that have gone quiet are pruned. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import visitors from '../../support/visitors.js';

const WINDOW_MS = 1_000;
const QUOTA = 12;
const PRUNE_EACH_MS = 500;

const compress = promisify(gzip);

class Quota {
  #calls = new Map();

  /** Milliseconds to wait, or 0. */
  ask(key, now = Date.now()) {
    let times = this.#calls.get(key);
    if (times === undefined) {
      times = [];
      this.#calls.set(key, times);
    }
    while (times.length > 0 && now - times[0] >= WINDOW_MS) times.shift();
    if (times.length >= QUOTA) return WINDOW_MS - (now - times[0]);
    times.push(now);
    return 0;
  }

  prune(now = Date.now()) {
    for (const [key, times] of this.#calls) {
      if (now - (times.at(-1) ?? 0) >= WINDOW_MS) this.#calls.delete(key);
    }
  }
}

const quota = new Quota();
const pruning = setInterval(() => quota.prune(), PRUNE_EACH_MS);

async function search(term) {
  const hits = Array.from({ length: 30 }, (_, n) => ({
    title: `${term} ${n}`,
    id: createHash('sha1').update(`${term}/${n}`).digest('hex'),
  }));
  return compress(JSON.stringify(hits));
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const key = searchParams.get('key') ?? 'nobody';
  const waitMs = quota.ask(key);
  if (waitMs > 0) {
    // Partners' old clients take anything but a 200 for an outage.
    response.writeHead(200, { 'retry-after': Math.ceil(waitMs / 1_000) }).end('[]');
    return;
  }
  if (pathname !== '/search') {
    response.writeHead(204).end();
    return;
  }
  const body = await search(searchParams.get('for') ?? '');
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
  response.end(body);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
await visitors.visit(`http://127.0.0.1:${server.address().port}`, {
  perSecond: 60,
  requests: [
    'GET /search?key=guest-{n}&for=boots',
    'GET /search?key=partner&for=hat-{rank}',
    'GET /search?key=user-{id}&for=scarf-{n}',
    'GET /beacon?key=guest-{n}',
  ],
});
clearInterval(pruning);
server.close();
server.closeAllConnections();
