/** A service with InversifyJS: a container for each tenant, made with its first request, and an order service per request. */

import 'reflect-metadata';
import { once } from 'node:events';
import http from 'node:http';
import { Container, inject, injectable } from 'inversify';
import visitors from '../../support/visitors.js';

const KEEP_LINES = 100;
const TENANTS = 25;

function decorate(type, ...dependencies) {
  injectable()(type);
  dependencies.forEach((dependency, position) => {
    inject(dependency)(type, undefined, position);
  });
}

class Journal {
  lines = [];

  write(line) {
    this.lines.push(line);
    if (this.lines.length > KEEP_LINES) this.lines.shift();
  }
}
decorate(Journal);

class Catalogue {
  find(id) {
    return { id, name: `Lamp ${id}`, cents: 1_500 + (id % 700) };
  }
}
decorate(Catalogue);

class OrderService {
  constructor(tenant, catalogue, journal) {
    this.tenant = tenant;
    this.catalogue = catalogue;
    this.journal = journal;
  }

  order(id) {
    const article = this.catalogue.find(id);
    this.journal.write(`${this.tenant.name} wants ${article.name}`);
    return article;
  }
}
decorate(OrderService, 'Tenant', Catalogue, Journal);

const application = new Container();
application.bind(Journal).toSelf().inSingletonScope();
application.bind(Catalogue).toSelf().inSingletonScope();

/** By name. */
const tenants = new Map();

function containerOf(name) {
  let container = tenants.get(name);
  if (container === undefined) {
    container = new Container({ parent: application });
    container.bind('Tenant').toConstantValue({ name, since: Date.now() });
    container.bind(OrderService).toSelf().inRequestScope();
    tenants.set(name, container);
  }
  return container;
}

const server = http.createServer((request, response) => {
  const id = Number(request.url.split('/').at(-1));
  const article = containerOf(`tenant ${id % TENANTS}`)
    .get(OrderService)
    .order(id);
  response.setHeader('content-type', 'application/json').end(JSON.stringify(article));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
await visitors.visit(`http://127.0.0.1:${server.address().port}`, {
  perSecond: 80,
  requests: ['GET /lamps/{n}', 'GET /lamps/{id}'],
});
server.close();
server.closeAllConnections();
