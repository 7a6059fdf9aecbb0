'use strict';

/** Metrics that are collected in an array and a Map and sent every two seconds: a saw, back to zero. */

const { pace } = require('../../support/pace');

const FLUSH_MS = 2_000;
const MINUTES_KEPT = 20;

let samples = [];
const counters = new Map();
/** The last summaries, the oldest leaves when a new one comes. */
const summaries = [];

function record(n) {
  samples.push({ at: performance.now(), route: `/route/${n % 300}`, ms: 1 + ((n * 7) % 90) });
  const key = `customer-${n % 4_000}`;
  counters.set(key, (counters.get(key) ?? 0) + 1);
}

function flush() {
  const slow = samples.filter(({ ms }) => ms > 80).length;
  summaries.push({ count: samples.length, slow, customers: counters.size });
  if (summaries.length > MINUTES_KEPT) summaries.shift();
  samples = [];
  counters.clear();
}

async function main() {
  const flushing = setInterval(flush, FLUSH_MS);
  await pace(1_200, record);
  clearInterval(flushing);
}

main();
