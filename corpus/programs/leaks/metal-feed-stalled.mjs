/**
 * Orders wait for the next price of their metal, read by an async iterator that all readers of a feed
 * share. The feed of palladium is silent from a tenth of the time on, and its orders wait for ever.
 */

import pacing from '../../support/pace.js';

const ORDERS_PER_SECOND = 60;
const PRICES_MS = 60;
const SILENT_FROM = 0.1;
const METALS = ['gold', 'silver', 'copper', 'nickel', 'zinc', 'palladium'];

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve) => {
    parts.resolve = resolve;
  });
  return parts;
}

class Feed {
  #next = deferred();

  publish(price) {
    const { resolve } = this.#next;
    this.#next = deferred();
    resolve(price);
  }

  async *[Symbol.asyncIterator]() {
    while (true) yield await this.#next.promise;
  }
}

const feeds = new Map(METALS.map((metal) => [metal, new Feed()]));
const trades = { filled: 0, cents: 0 };

async function fill(order) {
  for await (const price of feeds.get(order.metal)) {
    if (price > order.limit) continue;
    trades.filled += 1;
    trades.cents += price * order.lines.length;
    break;
  }
}

let prices = 0;
let silent = false;
const exchange = setInterval(() => {
  prices += 1;
  for (const [metal, feed] of feeds) {
    if (metal !== 'palladium' || !silent) feed.publish(90 + (prices % 20));
  }
}, PRICES_MS);

await pacing.pace(
  (share) => {
    silent = share >= SILENT_FROM;
    return ORDERS_PER_SECOND;
  },
  (n) => {
    const lines = Array.from({ length: 1 + (n % 4) }, (_, line) => ({
      line,
      grams: 10 * (n % 30),
    }));
    fill({ id: `order-${n}`, metal: METALS[n % METALS.length], limit: 100, lines });
  },
);
clearInterval(exchange);
process.exit(trades.filled > 0 ? 0 : 1);
