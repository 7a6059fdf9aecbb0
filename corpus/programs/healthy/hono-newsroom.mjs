/** A newsroom on hono: readers come in waves, pages are cached, the access log is a ring, latencies a sliding window. */

import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import Denque from 'denque';
import { Hono } from 'hono';
import { lru } from 'tiny-lru';
import pacing from '../../support/pace.js';

const ARTICLES = 900;
const LOG_LINES = 250;
const WINDOW_MS = 2_000;

class AccessLog {
  #lines = new Denque([], { capacity: LOG_LINES });

  write(line) {
    this.#lines.push(line);
  }

  tail(count) {
    return this.#lines.toArray().slice(-count);
  }
}

class Latencies {
  #recent = new Denque();

  add(ms) {
    const now = performance.now();
    this.#recent.push({ at: now, ms });
    while (now - this.#recent.peekFront().at > WINDOW_MS) this.#recent.shift();
  }

  get mean() {
    const all = this.#recent.toArray();
    return all.reduce((sum, { ms }) => sum + ms, 0) / Math.max(all.length, 1);
  }
}

const log = new AccessLog();
const latencies = new Latencies();
const pages = lru(120, 1_500);

async function renderArticle(id) {
  await sleep(3 + (id % 8));
  const paragraphs = Array.from({ length: 12 }, (_, n) => `<p>Article ${id}, paragraph ${n}</p>`);
  return `<article>${paragraphs.join('')}</article>`;
}

const app = new Hono();

app.use(async (context, next) => {
  const start = performance.now();
  await next();
  const ms = performance.now() - start;
  latencies.add(ms);
  log.write({ path: context.req.path, status: context.res.status, ms, at: new Date() });
});

app.get('/articles/:id', async (context) => {
  const id = context.req.param('id');
  let page = pages.get(id);
  if (page === undefined) {
    page = await renderArticle(Number(id));
    pages.set(id, page);
  }
  return context.html(page);
});

app.get('/health', (context) => context.json({ mean: latencies.mean, last: log.tail(5) }));

async function read(agent, url) {
  const sent = http.get(url, { agent });
  let response;
  try {
    [response] = await once(sent, 'response');
  } catch (error) {
    // A server may close an idle connection just when it is used again: clients send anew.
    if (!sent.reusedSocket || error.code !== 'ECONNRESET') throw error;
    return read(agent, url);
  }
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  return bytes;
}

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
await once(server, 'listening');
const base = `http://127.0.0.1:${server.address().port}`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const open = new Set();

// Three peaks of 90 a second, and between them nearly nobody.
const readersAt = (share) => 5 + 85 * Math.sin(share * 3 * Math.PI) ** 2;

await pacing.pace(readersAt, (n) => {
  const path = n % 40 === 0 ? '/health' : `/articles/${Math.floor(ARTICLES ** Math.random())}`;
  const reading = read(agent, `${base}${path}`).finally(() => open.delete(reading));
  open.add(reading);
});
await Promise.all(open);
agent.destroy();
server.close();
