/**
 * Viewers of a market before its opening: ever more for eight seconds, then always as many. Each has
 * three listeners on one EventTarget, which it takes off, and a throttled view that it cancels.
 */

import { setMaxListeners } from 'node:events';
import { throttle } from 'throttle-debounce';
import pacing from '../../support/pace.js';

const FIRST_PER_SECOND = 15;
const LAST_PER_SECOND = 110;
const RISE_SECONDS = 8;
const STAY_MS = 700;
const PRICES_MS = 120;
const VIEW_MS = 300;

const market = new EventTarget();
setMaxListeners(0, market);

const viewers = new Map();
const views = { drawn: 0 };

class Viewer {
  #listeners = {
    price: ({ detail }) => this.#show(detail),
    news: ({ detail }) => this.#show(detail),
    halt: () => this.draw(),
  };

  constructor(id) {
    this.id = id;
    this.prices = [];
    this.draw = throttle(VIEW_MS, () => {
      views.drawn += 1;
    });
    for (const [type, listener] of Object.entries(this.#listeners)) {
      market.addEventListener(type, listener);
    }
  }

  #show(detail) {
    this.prices.push(detail);
    if (this.prices.length > 5) this.prices.shift();
    this.draw();
  }

  leave() {
    for (const [type, listener] of Object.entries(this.#listeners)) {
      market.removeEventListener(type, listener);
    }
    this.draw.cancel();
    viewers.delete(this.id);
  }
}

let prices = 0;
const exchange = setInterval(() => {
  prices += 1;
  const detail = { symbol: `S${prices % 9}`, cents: 1000 + (prices % 80) };
  market.dispatchEvent(new CustomEvent(prices % 10 === 0 ? 'news' : 'price', { detail }));
}, PRICES_MS);

await pacing.pace(
  (share) => {
    const risen = Math.min((share * pacing.SECONDS) / RISE_SECONDS, 1);
    return FIRST_PER_SECOND + (LAST_PER_SECOND - FIRST_PER_SECOND) * risen;
  },
  (n) => {
    const viewer = new Viewer(`viewer-${n}`);
    viewers.set(viewer.id, viewer);
    setTimeout(() => viewer.leave(), STAY_MS);
  },
);
clearInterval(exchange);
