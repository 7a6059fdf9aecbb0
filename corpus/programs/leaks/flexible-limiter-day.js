'use strict';

/** Counts sign-in attempts per address for a day in memory: a record and a timer for each address. */

const { RateLimiterMemory } = require('rate-limiter-flexible');
const { pace } = require('../../support/pace');

const ATTEMPTS_PER_SECOND = 200;
const DAY_SECONDS = 24 * 3600;

const limiter = new RateLimiterMemory({
  keyPrefix: 'sign-in',
  points: 10,
  duration: DAY_SECONDS,
});
const counts = { let: 0, refused: 0 };

/** Scanners come from ever new addresses. */
function addressOf(n) {
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

async function attempt(n) {
  const address = n % 4 === 0 ? addressOf(n % 32) : addressOf(n);
  try {
    await limiter.consume(address);
    counts.let += 1;
  } catch {
    counts.refused += 1;
  }
}

pace(ATTEMPTS_PER_SECOND, (n) => {
  attempt(n);
}).then(() => process.exit(0));
