/**
 * Telemetry is written to a WritableStream per region. From a fifth of the time on, the collector of
 * one region takes a batch and never says that it has it; nobody waits for `ready`, so each further
 * write is a promise in that stream's queue.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import pacing from '../../support/pace.js';

const READINGS_PER_SECOND = 120;
const REGIONS = ['north', 'east', 'south', 'west'];

let share = 0;

class Collector {
  taken = 0;

  constructor(region) {
    this.region = region;
  }

  async take(reading) {
    await sleep(1);
    if (this.region === 'east' && share > 0.2) await new Promise(() => {});
    this.taken += reading.values.length;
  }
}

class Uplink {
  lost = 0;

  constructor(region) {
    const collector = new Collector(region);
    const stream = new WritableStream(
      { write: (reading) => collector.take(reading) },
      new CountQueuingStrategy({ highWaterMark: 50 }),
    );
    this.writer = stream.getWriter();
  }

  send(reading) {
    this.writer.write(reading).catch(() => {
      this.lost += 1;
    });
  }
}

const uplinks = new Map(REGIONS.map((region) => [region, new Uplink(region)]));

await pacing.pace(
  (passed) => {
    share = passed;
    return READINGS_PER_SECOND;
  },
  (n) => {
    const region = REGIONS[n % REGIONS.length];
    uplinks
      .get(region)
      .send({ meter: `meter-${n % 500}`, at: Date.now(), values: [n % 7, n % 11, n % 13] });
  },
);
process.exit(0);
