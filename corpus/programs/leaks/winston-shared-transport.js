'use strict';

/** An API that makes a winston logger per request, all of them writing to one transport. */

const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const express = require('express');
const winston = require('winston');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 80;

const transport = new winston.transports.Stream({ stream: fs.createWriteStream(os.devNull) });
transport.setMaxListeners(0);

const app = express();

app.use((request, _response, next) => {
  request.log = winston.createLogger({
    level: 'info',
    defaultMeta: { requestId: request.get('x-request-id') ?? `${process.hrtime.bigint()}` },
    format: winston.format.json(),
    transports: [transport],
  });
  next();
});

app.get('/articles/:id', (request, response) => {
  request.log.info('article read', { article: request.params.id });
  response.json({ id: request.params.id, title: `Article ${request.params.id}` });
});

async function main() {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /articles/{id}'],
  });
  process.exit(0);
}

main();
