'use strict';

/** Writes invoices as CSV in batches; for each half-written file a handler waits for the exit. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const Papa = require('papaparse');
const { pace } = require('../../support/pace');

const BATCHES_PER_SECOND = 2;
const INVOICES_PER_BATCH = 12;
const FILES_KEPT = 50;

process.setMaxListeners(0);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-invoices-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const written = [];

function linesOf(invoice) {
  return Array.from({ length: 8 }, (_, line) => ({
    invoice,
    line,
    article: `article-${(invoice * 13 + line) % 500}`,
    amount: ((invoice * (line + 3)) % 97) + 1,
    text: 'delivered, "as agreed"',
  }));
}

/** Under another name until it is complete, so that nobody collects half an invoice. */
async function writeSafely(file, content) {
  const partial = `${file}.partial`;
  process.on('exit', () => fs.rmSync(partial, { force: true }));
  await fs.promises.writeFile(partial, content);
  await fs.promises.rename(partial, file);
}

async function exportInvoice(invoice) {
  const rows = linesOf(invoice);
  const file = path.join(folder, `invoice-${invoice}.csv`);
  await writeSafely(file, Papa.unparse(rows, { header: true }));
  written.push(file);
  if (written.length > FILES_KEPT) await fs.promises.rm(written.shift());
}

async function runBatch(number) {
  const first = number * INVOICES_PER_BATCH;
  for (let n = 0; n < INVOICES_PER_BATCH; n += 1) await exportInvoice(first + n);
}

async function main() {
  let running = Promise.resolve();
  await pace(BATCHES_PER_SECOND, (number) => {
    running = running.then(() => runBatch(number));
  });
  await running;
}

main();
