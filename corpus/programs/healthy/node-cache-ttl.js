'use strict';

/** Quotes that are good for two seconds in node-cache: fills for two seconds and then stays level. */

const NodeCache = require('node-cache');
const { pace } = require('../../support/pace');

const quotes = new NodeCache({ stdTTL: 2, checkperiod: 1, useClones: false });

function quote(symbol) {
  const known = quotes.get(symbol);
  if (known !== undefined) return known;
  const fresh = { symbol, bid: Math.random() * 100, ask: Math.random() * 100, at: new Date() };
  quotes.set(symbol, fresh);
  return fresh;
}

async function main() {
  await pace(800, (n) => quote(`SYM-${n}`));
  quotes.close();
}

main();
