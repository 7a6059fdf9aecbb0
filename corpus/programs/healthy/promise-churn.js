'use strict';

/** An importer: pages of records through an async generator, p-map and p-limit. */

const { setTimeout: wait } = require('node:timers/promises');
const { default: pLimit } = require('p-limit');
const { default: pMap } = require('p-map');
const { pace } = require('../../support/pace');

const PAGES = 4;
const RECORDS = 25;

const limit = pLimit(40);
let imported = 0;

async function* readPages(file) {
  for (let page = 0; page < PAGES; page += 1) {
    await wait(5);
    yield Array.from({ length: RECORDS }, (_, n) => ({ file, page, n }));
  }
}

async function save(record) {
  await limit(() => wait(2));
  imported += 1;
  return record.n;
}

async function importFile(file) {
  for await (const records of readPages(file)) await pMap(records, save, { concurrency: 10 });
}

async function main() {
  const open = new Set();
  await pace(8, (n) => {
    const file = importFile(`file-${n}.csv`).finally(() => open.delete(file));
    open.add(file);
  });
  await Promise.all(open);
  if (imported % (PAGES * RECORDS) !== 0) throw new Error(`${imported} records imported`);
}

main();
