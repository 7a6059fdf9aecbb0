'use strict';

/**
 * Five hundred healthy tests with ordinary work for `node:test`: services with listeners, a store in
 * memory, timers, files, requests to a server, JSON. `bench/suite.js` runs them bare and guarded.
 */

const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs/promises');
const http = require('node:http');
const { after, before, beforeEach, describe, it } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');

const TESTS = 500;

class Store extends EventEmitter {
  #entries = new Map();

  /**
   * @param {string} key
   * @param {unknown} value
   */
  set(key, value) {
    this.#entries.set(key, value);
    this.emit('set', key);
  }

  /** @param {string} key */
  get(key) {
    return this.#entries.get(key);
  }

  get size() {
    return this.#entries.size;
  }
}

/** @type {Store} */
let store;
/** @type {string} */
let origin;
const agent = new http.Agent({ keepAlive: true });
const server = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ path: request.url, items: [1, 2, 3] }));
});

/** Each kind of work. @type {((index: number) => unknown)[]} */
const WORK = [
  (index) => {
    let seen = 0;
    store.on('set', () => {
      seen += 1;
    });
    for (let count = 0; count < 200; count += 1) store.set(`${index} ${count}`, { count });
    assert.equal(seen, 200);
    assert.equal(store.size, 200);
  },
  async (index) => {
    const answer = await new Promise((resolve, reject) => {
      const request = http.get(`${origin}/${index}`, { agent }, (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve(JSON.parse(body)));
      });
      request.on('error', reject);
    });
    assert.equal(answer.path, `/${index}`);
  },
  async () => {
    const controller = new AbortController();
    const late = pause(1000, undefined, { signal: controller.signal }).catch(() => 'aborted');
    await pause(1);
    controller.abort();
    assert.equal(await late, 'aborted');
  },
  () => {
    const orders = Array.from({ length: 300 }, (_, id) => ({
      id,
      lines: [{ sku: `a${id}`, n: 1 }],
    }));
    const copy = JSON.parse(JSON.stringify(orders));
    copy.sort((/** @type {any} */ a, /** @type {any} */ b) => b.id - a.id);
    assert.equal(copy[0].id, 299);
    assert.deepEqual(copy.at(-1), orders[0]);
  },
  async () => {
    const text = await fs.readFile(__filename, 'utf8');
    const words = new Map();
    for (const word of text.split(/\W+/)) words.set(word, (words.get(word) ?? 0) + 1);
    assert.ok(words.get('const') > 3);
  },
  async () => {
    const jobs = new EventEmitter();
    setTimeout(() => jobs.emit('done', 7), 1);
    const timeout = setTimeout(() => jobs.emit('error', new Error('late')), 1000);
    const [result] = await once(jobs, 'done');
    clearTimeout(timeout);
    assert.equal(result, 7);
  },
];

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
});
after(() => {
  agent.destroy();
  server.close();
});
beforeEach(() => {
  store = new Store();
});
describe('ordinary', () => {
  for (let index = 0; index < TESTS; index += 1) {
    it(`test ${index}`, () => WORK[index % WORK.length](index));
  }
});
