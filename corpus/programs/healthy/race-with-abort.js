'use strict';

/** Quotes from three carriers: the first one wins, the others are told, and so is who waits. */

const { setTimeout: wait } = require('node:timers/promises');
const { pace } = require('../../support/pace');

/** Lives as long as the process; nobody may leave a listener on it. */
const shutdown = new AbortController();

async function carrier(name, order, signal) {
  await wait(5 + ((order * name.length) % 40), undefined, { signal });
  return { name, order, cents: 400 + (order % 300) };
}

async function cheapest(order) {
  const decided = new AbortController();
  const { signal } = decided;
  const stop = () => decided.abort();
  shutdown.signal.addEventListener('abort', stop, { once: true });
  try {
    const limit = wait(1_000, undefined, { signal });
    const carriers = ['post', 'parcels', 'bicycle'].map((name) => carrier(name, order, signal));
    return await Promise.race([limit, ...carriers]);
  } finally {
    decided.abort();
    shutdown.signal.removeEventListener('abort', stop);
  }
}

async function main() {
  const open = new Set();
  await pace(150, (order) => {
    const quote = cheapest(order).finally(() => open.delete(quote));
    open.add(quote);
  });
  await Promise.all(open);
}

main();
