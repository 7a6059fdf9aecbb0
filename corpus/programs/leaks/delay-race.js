'use strict';

/** Races each quote against half an hour of `delay`; quotes come at once, the delays run on. */

const delay = require('delay');
const { pace } = require('../../support/pace');

const QUOTES_PER_SECOND = 120;
const PATIENCE_MS = 30 * 60 * 1000;

let best = Number.POSITIVE_INFINITY;

async function fetchQuote(supplier) {
  await new Promise((resolve) => setTimeout(resolve, 3 + (supplier % 5)));
  return { supplier, price: 100 + ((supplier * 37) % 50) };
}

async function quote(supplier) {
  const answer = await Promise.race([
    fetchQuote(supplier),
    delay(PATIENCE_MS, { value: { supplier, price: Number.POSITIVE_INFINITY } }),
  ]);
  best = Math.min(best, answer.price);
}

pace(QUOTES_PER_SECOND, (n) => {
  quote(n);
}).then(() => process.exit(0));
