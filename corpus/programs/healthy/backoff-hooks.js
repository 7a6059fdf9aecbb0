'use strict';

/** Deliveries tried again with exponential-backoff, at most five times, behind a rate limiter that prunes its windows. */

const { setTimeout: sleep } = require('node:timers/promises');
const { backOff } = require('exponential-backoff');
const { pace } = require('../../support/pace');

const WINDOW_MS = 500;
const PER_WINDOW = 4;
const IDLE_MS = 1_000;

class SlidingLimiter {
  constructor() {
    this.hits = new Map();
    this.pruning = setInterval(() => this.prune(), 250);
  }

  allows(host) {
    const now = Date.now();
    const recent = (this.hits.get(host) ?? []).filter((at) => now - at < WINDOW_MS);
    const allowed = recent.length < PER_WINDOW;
    if (allowed) recent.push(now);
    this.hits.set(host, recent);
    return allowed;
  }

  prune() {
    const before = Date.now() - IDLE_MS;
    for (const [host, times] of this.hits) {
      if (times.every((at) => at < before)) this.hits.delete(host);
    }
  }

  close() {
    clearInterval(this.pruning);
  }
}

async function main() {
  const limiter = new SlidingLimiter();
  const dead = { count: 0, last: [] };

  async function send(host, payload, attempt) {
    if (!limiter.allows(host)) throw new Error(`${host} has had enough`);
    await sleep(10);
    // One host in seven is down for good, and a third of the others miss the first call.
    if (payload.n % 7 === 0 || (payload.n % 3 === 0 && attempt === 1))
      throw new Error(`${host}: 503`);
  }

  async function deliver(n) {
    const payload = {
      n,
      event: 'order.paid',
      lines: Array.from({ length: 20 }, (_, at) => n + at),
    };
    let attempt = 0;
    try {
      await backOff(() => send(`hook-${Math.floor(n / 3)}.example`, payload, ++attempt), {
        numOfAttempts: 5,
        startingDelay: 60,
        jitter: 'full',
      });
    } catch (error) {
      dead.count += 1;
      dead.last = [...dead.last, `${n}: ${error.message}`].slice(-20);
    }
  }

  const open = new Set();
  await pace(40, (n) => {
    const delivery = deliver(n).finally(() => open.delete(delivery));
    open.add(delivery);
  });
  await Promise.all(open);
  limiter.close();
}

main();
