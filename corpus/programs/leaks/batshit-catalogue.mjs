/** A catalogue page that loads its products in batches with batshit: wishes of ten milliseconds go out together, and a failed batch is counted. */

import { setTimeout as sleep } from 'node:timers/promises';
import { create, keyResolver, windowScheduler } from '@yornaath/batshit';
import pacing from '../../support/pace.js';

const PRODUCTS = 3_000;
const counted = { batches: 0, pages: 0, missing: 0, broken: 0 };

async function fetchProducts(ids) {
  counted.batches += 1;
  await sleep(5 + (counted.batches % 20));
  if (counted.batches % 30 === 0) throw new Error('the catalogue is busy');
  return ids
    .filter((id) => id % 50 !== 0)
    .map((id) => ({ id, name: `Product ${id}`, text: 'solid and handy '.repeat(10) }));
}

const products = create({
  fetcher: fetchProducts,
  resolver: keyResolver('id'),
  scheduler: windowScheduler(10),
});

async function page(n) {
  const ids = Array.from({ length: 6 }, (_, i) => (n * 17 + i * 101) % PRODUCTS);
  const results = await Promise.allSettled(ids.map((id) => products.fetch(id)));
  for (const { status, value } of results) {
    if (status === 'rejected') counted.broken += 1;
    else if (value === null) counted.missing += 1;
  }
  counted.pages += 1;
}

const open = new Set();
await pacing.pace(40, (n) => {
  const work = page(n).finally(() => open.delete(work));
  open.add(work);
});
await Promise.all(open);
