'use strict';

/** Exchange rates: memoize with maxAge for the sums, p-memoize with expiry-map for the look-ups. */

const ExpiryMap = require('expiry-map');
const { default: memoize } = require('memoize');
const { default: pMemoize } = require('p-memoize');
const { pace } = require('../../support/pace');

const RATE_MS = 2_000;

const readRate = pMemoize(
  async (pair) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return pair.length / 7;
  },
  { cache: new ExpiryMap(RATE_MS) },
);

const convert = memoize((cents, rate) => Math.round(cents * rate), {
  maxAge: 1_500,
  cacheKey: ([cents, rate]) => `${cents}@${rate}`,
});

async function main() {
  const open = new Set();
  await pace(500, (n) => {
    const sum = readRate(`EUR-${n % 2 === 0 ? n : n % 700}`).then((rate) => convert(n, rate));
    const done = sum.finally(() => open.delete(done));
    open.add(done);
  });
  await Promise.all(open);
}

main();
