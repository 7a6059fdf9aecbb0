'use strict';

/** A bookshop on awilix: each request has a scope of its own, whose unit of work listens to the shop until it is disposed of. */

const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { asClass, asFunction, asValue, createContainer } = require('awilix');
const { visit } = require('../../support/visitors');

const BOOKS = 300;

class PriceFeed extends EventEmitter {
  #changes = setInterval(() => this.emit('change', { at: Date.now() }), 50);

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  stop() {
    clearInterval(this.#changes);
  }
}

class Books {
  #byId = new Map(Array.from({ length: BOOKS }, (_, id) => [id, { id, title: `Book ${id}` }]));

  async find(id) {
    await sleep(8);
    return this.#byId.get(id % BOOKS);
  }
}

class UnitOfWork {
  #feed;
  #seen = [];
  #remember = (change) => this.#seen.push(change);

  constructor({ priceFeed }) {
    this.#feed = priceFeed;
    this.#feed.on('change', this.#remember);
  }

  get stale() {
    return this.#seen.length > 0;
  }

  dispose() {
    this.#feed.off('change', this.#remember);
  }
}

class ShowBook {
  constructor({ books, unitOfWork, request }) {
    Object.assign(this, { books, unitOfWork, request });
  }

  async run() {
    const id = Number(new URL(this.request.url, 'http://shop').searchParams.get('id'));
    const book = await this.books.find(id);
    if (id % 20 === 0) throw new Error('out of print');
    return { ...book, stale: this.unitOfWork.stale };
  }
}

function createShop() {
  return createContainer().register({
    priceFeed: asClass(PriceFeed)
      .singleton()
      .disposer((feed) => feed.stop()),
    books: asClass(Books).singleton(),
    clock: asFunction(() => ({ now: () => Date.now() })).singleton(),
    unitOfWork: asClass(UnitOfWork)
      .scoped()
      .disposer((work) => work.dispose()),
    showBook: asClass(ShowBook).scoped(),
  });
}

async function answer(shop, request, response) {
  const scope = shop.createScope();
  scope.register({ request: asValue(request) });
  try {
    response.end(JSON.stringify(await scope.resolve('showBook').run()));
  } catch (error) {
    response.end(JSON.stringify({ error: error.message }));
  } finally {
    await scope.dispose();
  }
}

async function main() {
  const shop = createShop();
  const server = http.createServer((request, response) => answer(shop, request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: 50,
    requests: ['GET /books?id={id}', 'GET /books?id={n}'],
  });
  server.close();
  await shop.dispose();
}

main();
