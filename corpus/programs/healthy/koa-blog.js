'use strict';

/** A blog on koa: pages rendered by ejs, a context per request in AsyncLocalStorage. */

const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const ejs = require('ejs');
const Koa = require('koa');
const { visit } = require('../../support/visitors');

const PAGE = `<h1><%= post.title %></h1>
<% for (const comment of post.comments) { %><p><%= comment.by %>: <%= comment.text %></p><% } %>`;

const requests = new AsyncLocalStorage();
const render = ejs.compile(PAGE);
const hits = { total: 0, slow: 0 };

async function findPost(id) {
  await new Promise((resolve) => setTimeout(resolve, id % 15));
  const comments = Array.from({ length: 12 }, (_, n) => ({ by: `reader ${n}`, text: 'So true!' }));
  return { id, title: `Post ${id}`, comments, askedBy: requests.getStore().id };
}

const app = new Koa();
app.use((context, next) => requests.run({ id: context.get('x-request-id'), log: [] }, next));
app.use(async (context, next) => {
  const startMs = performance.now();
  await next();
  hits.total += 1;
  if (performance.now() - startMs > 100) hits.slow += 1;
  requests.getStore().log.push(context.path);
});
app.use(async (context) => {
  const post = await findPost(Number(context.path.split('/').at(-1)));
  context.type = 'html';
  context.body = render({ post });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await visit(`http://127.0.0.1:${port}`, { perSecond: 150, requests: ['GET /posts/{n}'] });
  server.close();
  server.closeAllConnections();
}

main();
