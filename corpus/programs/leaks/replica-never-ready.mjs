/**
 * Reads from four replicas once they are ready, with a timeout for the reader. One never gets ready,
 * and each read goes on waiting for it after its timeout.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import pTimeout from 'p-timeout';
import pacing from '../../support/pace.js';

const READS_PER_SECOND = 40;
const REPLICAS = 4;
const PATIENCE_MS = 150;

class Replica {
  #markReady;
  #rows = new Map();

  constructor(number) {
    this.number = number;
    this.ready = new Promise((resolve) => {
      this.#markReady = resolve;
    });
  }

  async catchUp(position) {
    await sleep(20 * this.number);
    for (let key = 0; key < 500; key += 1) this.#rows.set(key, { key, text: `row ${key}` });
    if (position > 0) this.#markReady();
  }

  async read(query) {
    const plan = { query, columns: ['key', 'text'], replica: this.number, rows: [] };
    await this.ready;
    for (const key of plan.query.keys) plan.rows.push(this.#rows.get(key));
    return plan.rows;
  }
}

const replicas = Array.from({ length: REPLICAS }, (_, number) => new Replica(number));
for (const replica of replicas) replica.catchUp(replica.number === 2 ? -1 : 1000);

const totals = { rows: 0, stale: 0 };

async function answer(n) {
  const replica = replicas[n % REPLICAS];
  const rows = await pTimeout(replica.read({ id: n, keys: [n % 500, (n * 3) % 500] }), {
    milliseconds: PATIENCE_MS,
    fallback: () => [],
  });
  if (rows.length === 0) totals.stale += 1;
  totals.rows += rows.length;
}

await pacing.pace(READS_PER_SECOND, (n) => {
  answer(n);
});
