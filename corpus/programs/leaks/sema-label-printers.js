'use strict';

/** Label printers behind async-sema: a label without an address returns early and keeps its printer. */

const { Sema } = require('async-sema');
const { pace } = require('../../support/pace');

const LABELS_PER_SECOND = 50;
const PRINTERS = 6;
const PRINT_MS = 15;

const printers = new Sema(PRINTERS, { capacity: 100 });
const printed = { labels: 0, refused: 0 };

async function print(parcel) {
  await printers.acquire();
  if (parcel.address === undefined) {
    printed.refused += 1;
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, PRINT_MS));
  printed.labels += 1;
  printers.release();
}

async function main() {
  await pace(LABELS_PER_SECOND, (n) => {
    const address = n % 10 === 9 ? undefined : { street: `Harbour Road ${n % 80}`, town: 'Hull' };
    print({ id: `parcel-${n}`, address, grams: 200 + (n % 1900) });
  });
  process.exit(printed.labels > 0 ? 0 : 1);
}

main();
