'use strict';

/**
 * An editor whose drafts are in a Map on globalThis, where they survive reloading while one develops.
 * For some seconds it only reads; then its users begin to write, and no draft is ever thrown away.
 */

const { once } = require('node:events');
const fastify = require('fastify');
const { visit } = require('../../support/visitors');
const { SECONDS } = require('../../support/pace');

const REQUESTS_PER_SECOND = 160;
const WRITING_AFTER_MS = Math.min(4000, SECONDS * 300);

globalThis.__drafts ??= new Map();

const startedAt = performance.now();
const app = fastify();

app.get('/articles/:id', async (request) => ({ id: request.params.id, text: 'lorem ipsum' }));

app.post('/drafts', async (request) => {
  if (performance.now() - startedAt < WRITING_AFTER_MS) return { saved: false };
  const draft = {
    id: `draft-${request.body.order}`,
    paragraphs: Array.from({ length: 5 }, (_, n) => `paragraph ${n} of ${request.body.order}`),
    savedAt: new Date(),
  };
  globalThis.__drafts.set(draft.id, draft);
  return { saved: true };
});

async function main() {
  await app.listen({ host: '127.0.0.1', port: 0 });
  if (!app.server.listening) await once(app.server, 'listening');
  await visit(`http://127.0.0.1:${app.server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /articles/{id}', 'POST /drafts'],
  });
  process.exit(0);
}

main();
