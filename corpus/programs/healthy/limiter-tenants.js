'use strict';

/** An import API: each tenant has a bucket of the package limiter while it sends, and who was quiet for a second loses it. */

const { RateLimiter } = require('limiter');
const { pace } = require('../../support/pace');

const QUIET_MS = 1_000;
const SWEEP_MS = 200;
const REQUESTS_PER_SECOND = 200;
/** A tenant sends some 60 requests, then another comes. */
const REQUESTS_PER_TENANT = 60;
const AT_ONCE = 10;

class Limits {
  #tenants = new Map();
  #sweeper = setInterval(() => this.#sweep(), SWEEP_MS);

  /** Resolves when the tenant may go on; rejects none, it only slows them down. */
  async take(tenant) {
    let entry = this.#tenants.get(tenant);
    if (entry === undefined) {
      const limiter = new RateLimiter({ tokensPerInterval: 15, interval: 'second' });
      entry = { limiter, lastMs: 0, waiting: 0 };
      this.#tenants.set(tenant, entry);
    }
    entry.lastMs = Date.now();
    entry.waiting += 1;
    try {
      return await entry.limiter.removeTokens(1);
    } finally {
      entry.waiting -= 1;
    }
  }

  stop() {
    clearInterval(this.#sweeper);
  }

  #sweep() {
    const before = Date.now() - QUIET_MS;
    for (const [tenant, { lastMs, waiting }] of this.#tenants) {
      if (waiting === 0 && lastMs < before) this.#tenants.delete(tenant);
    }
  }
}

async function main() {
  const limits = new Limits();
  const stored = { records: 0 };
  const open = new Set();

  async function handle(tenant, record) {
    await limits.take(tenant);
    stored.records += JSON.parse(JSON.stringify(record)).fields.length;
  }

  await pace(REQUESTS_PER_SECOND, (n) => {
    const generation = Math.floor(n / (REQUESTS_PER_TENANT * AT_ONCE));
    const tenant = `tenant-${generation * AT_ONCE + (n % AT_ONCE)}`;
    const handled = handle(tenant, { n, fields: [n, n + 1, n + 2] }).finally(() =>
      open.delete(handled),
    );
    open.add(handled);
  });
  await Promise.all(open);
  limits.stop();
}

main();
