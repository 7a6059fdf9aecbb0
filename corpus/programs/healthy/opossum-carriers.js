'use strict';

/** Parcels by 14 carriers, each behind a breaker of opossum; some carriers are down for a while, and are asked again later. */

const { setTimeout: sleep } = require('node:timers/promises');
const CircuitBreaker = require('opossum');
const { pace } = require('../../support/pace');

const CARRIERS = 14;
const PARCELS_PER_SECOND = 90;

const counted = { sent: 0, byHand: 0, opened: 0 };
/** When each carrier is down. */
const isDown = (carrier) => Math.floor(Date.now() / 1_500 + carrier) % 5 === 0;

async function send(carrier, parcel) {
  // One that hangs is given up by its breaker, and comes to its end later.
  await sleep(Math.random() < 0.03 ? 400 : 15 + Math.random() * 20);
  if (isDown(carrier)) throw new Error(`carrier ${carrier} is down`);
  return { ...parcel, label: `C${carrier}-${parcel.id}` };
}

/** Made when a carrier is first asked, then kept. */
const breakers = new Map();

function breakerOf(carrier) {
  let breaker = breakers.get(carrier);
  if (breaker === undefined) {
    breaker = new CircuitBreaker(send, {
      name: `carrier-${carrier}`,
      timeout: 150,
      resetTimeout: 400,
      errorThresholdPercentage: 40,
      volumeThreshold: 4,
      rollingCountTimeout: 2_000,
      rollingCountBuckets: 10,
    });
    breaker.fallback((_carrier, parcel) => ({ ...parcel, label: null }));
    breaker.on('open', () => {
      counted.opened += 1;
    });
    breakers.set(carrier, breaker);
  }
  return breaker;
}

async function dispatch(id) {
  const carrier = Math.floor(CARRIERS * Math.random() ** 3);
  const parcel = { id, grams: 200 + (id % 900), street: `Street ${id % 77}` };
  const { label } = await breakerOf(carrier).fire(carrier, parcel);
  if (label === null) counted.byHand += 1;
  else counted.sent += 1;
}

async function main() {
  const open = new Set();
  await pace(PARCELS_PER_SECOND, (id) => {
    const dispatched = dispatch(id).finally(() => open.delete(dispatched));
    open.add(dispatched);
  });
  await Promise.all(open);
  for (const breaker of breakers.values()) breaker.shutdown();
}

main();
