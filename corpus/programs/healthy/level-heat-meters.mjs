/** Heat meters in memory-level: readings of two seconds are kept, sums per house are overwritten, reports iterate over both. */

import { MemoryLevel } from 'memory-level';
import pacing from '../../support/pace.js';

const HOUSES = 40;
const KEEP_MS = 2_000;

const db = new MemoryLevel({ valueEncoding: 'json' });
const readings = db.sublevel('readings', { valueEncoding: 'json' });
const sums = db.sublevel('sums', { valueEncoding: 'json' });

const keyAt = (ms, n) => `${String(Math.floor(ms)).padStart(15, '0')}:${n}`;

async function store(n) {
  const house = `house-${n % HOUSES}`;
  const before = (await sums.get(house)) ?? { kwh: 0, count: 0 };
  const kwh = (n * 17) % 90;
  await db.batch([
    {
      type: 'put',
      sublevel: readings,
      key: keyAt(Date.now(), n),
      value: { house, kwh, valve: 'open' },
    },
    {
      type: 'put',
      sublevel: sums,
      key: house,
      value: { kwh: before.kwh + kwh, count: before.count + 1 },
    },
  ]);
}

async function report() {
  const perHouse = {};
  for await (const [, { house, kwh }] of readings.iterator({ reverse: true, limit: 100 })) {
    perHouse[house] = (perHouse[house] ?? 0) + kwh;
    // Leaving the loop closes the iterator and its snapshot.
    if (Object.keys(perHouse).length === HOUSES / 2) break;
  }
  return { perHouse, sums: await sums.values().all() };
}

const clear = () => readings.clear({ lt: keyAt(Date.now() - KEEP_MS, 0) });

await db.open();
const open = new Set();
function track(promise) {
  open.add(promise);
  promise.finally(() => open.delete(promise));
}
const clearing = setInterval(() => track(clear()), 300);
await pacing.pace(60, (n) => {
  track(store(n));
  if (n % 30 === 0) track(report());
});
clearInterval(clearing);
await Promise.all(open);
await db.close();
