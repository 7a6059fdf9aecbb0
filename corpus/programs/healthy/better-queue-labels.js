'use strict';

/** Labels printed five at a time by better-queue; lorries bring many at once, and a jam is tried again. */

const Queue = require('better-queue');
const { pace } = require('../../support/pace');

const LORRIES_PER_SECOND = 0.7;
const PARCELS_PER_LORRY = 90;
const PRINT_MS = 25;
const KEEP_LABELS = 50;

const labels = [];
const failed = { parcels: 0 };
let prints = 0;

const printer = new Queue(
  (parcels, done) => {
    setTimeout(() => {
      prints += 1;
      if (prints % 12 === 0) {
        done(new Error('paper jam'));
        return;
      }
      for (const { id, town } of parcels) {
        labels.push(`${id} ${town}`);
        if (labels.length > KEEP_LABELS) labels.shift();
      }
      done();
    }, PRINT_MS);
  },
  { batchSize: 5, concurrent: 2, maxRetries: 3, retryDelay: 20, maxTimeout: 2_000 },
);
printer.on('task_failed', () => {
  failed.parcels += 1;
});

async function main() {
  await pace(LORRIES_PER_SECOND, (lorry) => {
    for (let parcel = 0; parcel < PARCELS_PER_LORRY; parcel += 1) {
      printer.push({ id: `${lorry}-${parcel}`, town: `town ${parcel % 30}`, grams: 100 + parcel });
    }
  });
  if (printer.length > 0) await new Promise((resolve) => printer.once('drain', resolve));
}

main();
