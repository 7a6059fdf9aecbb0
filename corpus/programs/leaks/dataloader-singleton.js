'use strict';

/** One DataLoader for the whole process where there should be one per request: it remembers every key. */

const { once } = require('node:events');
const DataLoader = require('dataloader');
const express = require('express');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 120;

async function readArticles(ids) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return ids.map((id) => ({
    id,
    title: `Article ${id}`,
    paragraphs: Array.from({ length: 6 }, (_, n) => `paragraph ${n} of article ${id}`),
  }));
}

const articles = new DataLoader(readArticles);

const app = express();

app.get('/articles/:id', async (request, response) => {
  const { id } = request.params;
  const [article, teaser] = await Promise.all([articles.load(id), articles.load(`${id}/teaser`)]);
  response.json({ article, teaser: teaser.title });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /articles/{n}', 'GET /articles/{rank}'],
  });
  process.exit(0);
}

main();
