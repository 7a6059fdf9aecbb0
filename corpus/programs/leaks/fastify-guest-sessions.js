'use strict';

/** A fastify shop whose guests bring no cookie, so that each request begins a session in the default store. */

const fastify = require('fastify');
const fastifyCookie = require('@fastify/cookie');
const fastifySession = require('@fastify/session');
const { LRUCache } = require('lru-cache');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 60;

const articles = new LRUCache({ max: 200 });

function readArticle(id) {
  let article = articles.get(id);
  if (article === undefined) {
    article = { id, title: `Article ${id}`, price: (Number(id) % 90) + 10 };
    articles.set(id, article);
  }
  return article;
}

async function main() {
  const app = fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: 'a secret of at least thirty-two characters',
    cookie: { secure: false },
  });

  app.get('/articles/:id', async (request) => {
    const article = readArticle(request.params.id);
    request.session.lastSeen = article.id;
    return article;
  });

  app.post('/basket', async (request) => {
    request.session.basket = [...(request.session.basket ?? []), request.body.order];
    return { lines: request.session.basket.length };
  });

  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await visit(url, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /articles/{rank}', 'GET /articles/{id}', 'POST /basket'],
  });
  process.exit(0);
}

main();
