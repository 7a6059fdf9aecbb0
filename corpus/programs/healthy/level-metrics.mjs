/** Measurements in an in-memory level: samples of the last second and a half, sums per sensor in a sublevel that are overwritten. */

import { MemoryLevel } from 'memory-level';
import pacing from '../../support/pace.js';

const SENSORS = 40;
const KEEP_MS = 1_500;

const db = new MemoryLevel({ valueEncoding: 'json' });
const samples = db.sublevel('samples', { valueEncoding: 'json' });
const sums = db.sublevel('sums', { valueEncoding: 'json' });

const keyAt = (ms, n = 0) =>
  `${String(Math.floor(ms)).padStart(15, '0')}-${String(n).padStart(8, '0')}`;

async function record(n) {
  const sensor = `sensor-${(n * 7) % SENSORS}`;
  const celsius = 15 + ((n * 37) % 200) / 10;
  const known = (await sums.get(sensor)) ?? { count: 0, celsius: 0 };
  await db.batch([
    { type: 'put', sublevel: samples, key: keyAt(Date.now(), n), value: { sensor, celsius, n } },
    {
      type: 'put',
      sublevel: sums,
      key: sensor,
      value: { count: known.count + 1, celsius: known.celsius + celsius },
    },
  ]);
}

async function report() {
  let hottest;
  // Looks at the newest hundred and leaves the loop at the first hot one.
  for await (const [, sample] of samples.iterator({ reverse: true, limit: 100 })) {
    if (hottest === undefined || sample.celsius > hottest.celsius) hottest = sample;
    if (sample.celsius > 34) break;
  }
  return hottest;
}

await db.open();
let housekeeping = Promise.resolve();
const retention = setInterval(() => {
  housekeeping = samples.clear({ lt: keyAt(Date.now() - KEEP_MS) });
}, 300);

const open = new Set();
await pacing.pace(100, (n) => {
  const work = (n % 20 === 0 ? report() : record(n)).finally(() => open.delete(work));
  open.add(work);
});
clearInterval(retention);
await housekeeping;
await Promise.all(open);
await db.close();
