'use strict';

/** Ferry fares by async-cache-dedupe: one second good, one more while they are fetched anew, 300 of them at most. */

const { setTimeout: sleep } = require('node:timers/promises');
const { createCache } = require('async-cache-dedupe');
const { pace } = require('../../support/pace');

const counted = { hits: 0, misses: 0, dedupes: 0, failures: 0 };

const fares = createCache({
  ttl: 1,
  stale: 1,
  storage: { type: 'memory', options: { size: 300 } },
  onHit: () => (counted.hits += 1),
  onMiss: () => (counted.misses += 1),
  onDedupe: () => (counted.dedupes += 1),
});

fares.define('fare', async ({ from, to, day }) => {
  await sleep(20);
  if ((from * to + day) % 23 === 0) throw new Error('no ferry');
  return {
    from,
    to,
    day,
    cents: from * 100 + to * 10,
    cabins: Array.from({ length: 6 }, (_, at) => at * day),
  };
});

async function search(n) {
  const journey = { from: n % 8, to: (n * 3) % 11, day: Math.floor(n / 4) };
  try {
    // A search asks for the way there and back, and often the same is asked for by two at once.
    const back = { from: journey.to, to: journey.from, day: journey.day + 7 };
    await Promise.all([fares.fare(journey), fares.fare(back), fares.fare(journey)]);
  } catch (error) {
    if (error.message !== 'no ferry') throw error;
    counted.failures += 1;
  }
}

async function main() {
  const open = new Set();
  await pace(60, (n) => {
    const searching = search(n).finally(() => open.delete(searching));
    open.add(searching);
  });
  await Promise.all(open);
}

main();
