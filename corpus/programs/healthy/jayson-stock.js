'use strict';

/** Stock over JSON-RPC on TCP: tills connect for each question, and what they reserve lapses after 800 ms if it is not bought. */

const { once } = require('node:events');
const { promisify } = require('node:util');
const jayson = require('jayson');
const { pace } = require('../../support/pace');

const ARTICLES = 200;
const LAPSE_MS = 800;

class Stock {
  constructor() {
    this.free = new Map(Array.from({ length: ARTICLES }, (_, n) => [n, 50]));
    this.reserved = new Map();
    this.last = 0;
  }

  reserve(article) {
    const left = this.free.get(article);
    if (left === undefined || left === 0) throw new RangeError(`no ${article} left`);
    this.free.set(article, left - 1);
    this.last += 1;
    const id = this.last;
    const lapse = setTimeout(() => this.release(id), LAPSE_MS);
    this.reserved.set(id, { article, lapse });
    return id;
  }

  release(id) {
    const { article, lapse } = this.reserved.get(id) ?? {};
    clearTimeout(lapse);
    // What was bought is delivered anew, so there are always as many.
    if (this.reserved.delete(id)) this.free.set(article, this.free.get(article) + 1);
  }
}

const stock = new Stock();
const refuse = (error) => ({ code: 404, message: error.message });

const server = new jayson.Server({
  reserve([article], callback) {
    try {
      callback(null, stock.reserve(article));
    } catch (error) {
      callback(refuse(error));
    }
  },
  buy([id], callback) {
    stock.release(id);
    callback(null, true);
  },
});

async function main() {
  const tcp = server.tcp();
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address();
  const client = jayson.Client.tcp({ port, host: '127.0.0.1' });
  const ask = promisify(client.request.bind(client));
  const counted = { bought: 0, lapsed: 0, refused: 0 };

  async function till(n) {
    const { result: id, error } = await ask('reserve', [(n * 7) % (ARTICLES + 10)]);
    if (error) counted.refused += 1;
    else if (n % 3 === 0) counted.lapsed += 1;
    else {
      await ask('buy', [id]);
      counted.bought += 1;
    }
  }

  const open = new Set();
  await pace(20, (n) => {
    const visit = till(n).finally(() => open.delete(visit));
    open.add(visit);
  });
  await Promise.all(open);
  tcp.close();
}

main();
