/** Orders on h3: an order sent twice gets its first answer again; what was answered is remembered for five seconds. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  createApp,
  createError,
  createRouter,
  eventHandler,
  getHeader,
  getRouterParam,
  readBody,
  setResponseHeader,
  toNodeListener,
} from 'h3';
import visitors from '../../support/visitors.js';

const REMEMBER_MS = 5_000;
const SWEEP_MS = 250;
const STOCK = 500;

class Answers {
  #byKey = new Map();
  #sweeper = setInterval(() => this.#sweep(), SWEEP_MS);

  recall(key) {
    return this.#byKey.get(key)?.answer;
  }

  remember(key, answer) {
    this.#byKey.set(key, { answer, until: Date.now() + REMEMBER_MS });
  }

  stop() {
    clearInterval(this.#sweeper);
  }

  #sweep() {
    const now = Date.now();
    // In order of arrival, so the first that is still good ends the sweep.
    for (const [key, { until }] of this.#byKey) {
      if (until > now) break;
      this.#byKey.delete(key);
    }
  }
}

const answers = new Answers();
const stock = new Map(Array.from({ length: STOCK }, (_, id) => [id, { id, left: 1_000 }]));
let orders = 0;

function place(order) {
  orders += 1;
  const items = order.items.map((id) => {
    const item = stock.get(id);
    item.left -= 1;
    return { id, left: item.left };
  });
  return { number: orders, items, at: new Date().toISOString() };
}

const router = createRouter()
  .post(
    '/orders/:key',
    eventHandler(async (event) => {
      const key = getRouterParam(event, 'key');
      const known = answers.recall(key);
      if (known !== undefined) return known;
      const answer = place(await readBody(event));
      answers.remember(key, answer);
      return answer;
    }),
  )
  .get(
    '/stock/:id',
    eventHandler((event) => {
      const item = stock.get(Number(getRouterParam(event, 'id')) % STOCK);
      if (item === undefined) throw createError({ statusCode: 404 });
      setResponseHeader(event, 'x-agent', getHeader(event, 'user-agent') ?? 'none');
      return item;
    }),
  );

const server = createServer(toNodeListener(createApp().use(router)));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
await visitors.visit(`http://127.0.0.1:${server.address().port}`, {
  perSecond: 60,
  requests: ['POST /orders/{n}', 'GET /stock/{id}', 'POST /orders/again-{rank}'],
});
answers.stop();
server.close();
