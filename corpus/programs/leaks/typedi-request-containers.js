'use strict';

/**
 * An API with a container of TypeDI per request, whose services get the request's tenant. The
 * container is reset after an answer, but not when the handler throws, as one request in eight makes it.
 */

require('reflect-metadata');
const { createServer } = require('node:http');
const { once } = require('node:events');
const { Container, Token } = require('typedi');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 60;

const TENANT = new Token('tenant');
const AUDIT = new Token('audit');

class Prices {
  constructor(container) {
    this.tenant = container.get(TENANT);
    this.rebates = new Map([[this.tenant, 0.05]]);
  }

  of(article) {
    if (article % 8 === 5) throw new RangeError(`no price for ${article}`);
    return (10 + (article % 90)) * (1 - this.rebates.get(this.tenant));
  }
}

let number = 0;

function answer(url) {
  const article = Number(url.slice(url.lastIndexOf('/') + 1));
  number += 1;
  const id = `request-${number}`;
  const container = Container.of(id);
  container.set(TENANT, `tenant-${article % 30}`);
  container.set(AUDIT, { id, steps: ['taken'], started: Date.now() });
  const prices = new Prices(container);
  container.set(Prices, prices);
  const price = container.get(Prices).of(article);
  container.get(AUDIT).steps.push('answered');
  Container.reset(id);
  return { article, price };
}

async function main() {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    try {
      response.end(JSON.stringify(answer(request.url)));
    } catch (error) {
      response.end(JSON.stringify({ error: error.message }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /prices/{n}'],
  });
  process.exit(0);
}

main();
