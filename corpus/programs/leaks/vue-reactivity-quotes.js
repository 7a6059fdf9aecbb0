'use strict';

/** Live quotes on @vue/reactivity: each session has an effect on the market that nobody stops. */

const { effect, reactive } = require('@vue/reactivity');
const { pace } = require('../../support/pace');

const SESSIONS_PER_SECOND = 30;
const SESSION_MS = 600;
const TICK_MS = 250;
const SYMBOLS = ['ABB', 'CRN', 'DLT', 'ECH', 'FOX', 'GNU'];

const market = reactive({ prices: Object.fromEntries(SYMBOLS.map((name) => [name, 100])) });

class Session {
  constructor(id) {
    this.id = id;
    this.symbol = SYMBOLS[id % SYMBOLS.length];
    this.pieces = 1 + (id % 40);
    this.history = [];
    effect(() => {
      this.worth = market.prices[this.symbol] * this.pieces;
      this.history.push(this.worth);
      if (this.history.length > 8) this.history.shift();
    });
  }
}

async function main() {
  const sessions = new Map();
  let ticks = 0;
  const exchange = setInterval(() => {
    ticks += 1;
    market.prices[SYMBOLS[ticks % SYMBOLS.length]] = 90 + (ticks % 21);
  }, TICK_MS);
  let seen = 0;
  await pace(SESSIONS_PER_SECOND, (id) => {
    sessions.set(id, new Session(id));
    setTimeout(() => {
      seen += sessions.get(id).worth;
      sessions.delete(id);
    }, SESSION_MS);
  });
  clearInterval(exchange);
  process.exit(seen > 0 ? 0 : 1);
}

main();
