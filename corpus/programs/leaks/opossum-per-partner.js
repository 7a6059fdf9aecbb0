'use strict';

/** Calls a partner's API through a circuit breaker made for the visit; no breaker is ever shut down. */

const CircuitBreaker = require('opossum');
const { pace } = require('../../support/pace');

const SYNCS_PER_SECOND = 20;
const PARTNERS = 60;

const partners = new Map(
  Array.from({ length: PARTNERS }, (_, n) => [n, { name: `partner-${n}`, stock: {}, failed: 0 }]),
);

/** The partner's API; every ninth call is refused. */
async function fetchStock(partner, page) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  if ((page + partner.name.length) % 9 === 0) throw new Error('429');
  return { page, items: Array.from({ length: 5 }, (_, n) => ({ sku: page * 5 + n, left: n * 3 })) };
}

async function syncPartner(partner) {
  const breaker = new CircuitBreaker((page) => fetchStock(partner, page), {
    timeout: 500,
    errorThresholdPercentage: 50,
    resetTimeout: 5000,
  });
  breaker.fallback(() => ({ items: [] }));
  for (let page = 0; page < 3; page += 1) {
    const { items } = await breaker.fire(page);
    if (items.length === 0) partner.failed += 1;
    for (const { sku, left } of items) partner.stock[sku] = left;
  }
}

async function main() {
  await pace(SYNCS_PER_SECOND, (n) => {
    syncPartner(partners.get(n % PARTNERS));
  });
  process.exit(0);
}

main();
