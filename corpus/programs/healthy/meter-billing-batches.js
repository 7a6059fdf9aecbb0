'use strict';

/**
 * Readings of a district come as a file of 4,000 lines every two and a half seconds, are parsed by
 * csv-parse and billed; of the last three files a statement is kept, which is three numbers.
 */

const { setImmediate: breathe } = require('node:timers/promises');
const { parse } = require('csv-parse/sync');
const { pace } = require('../../support/pace');

const FILES_PER_SECOND = 0.4;
const LINES = 4000;
const LINES_AT_ONCE = 250;
const KEEP_STATEMENTS = 3;
const TARIFFS = [0.28, 0.31, 0.35];

const statements = new Array(KEEP_STATEMENTS);
const customers = new Map(
  Array.from({ length: 500 }, (_, n) => [`meter-${n}`, { tariff: n % 3, owed: 0 }]),
);

function receive(file) {
  const lines = ['meter,hour,kwh'];
  for (let n = 0; n < LINES; n += 1) {
    lines.push(`meter-${(n * 7 + file) % 500},${n % 24},${((n * file) % 90) / 10}`);
  }
  return lines.join('\n');
}

async function bill(file) {
  const rows = parse(receive(file), { columns: true, cast: true });
  const invoices = [];
  for (let from = 0; from < rows.length; from += LINES_AT_ONCE) {
    for (const { meter, hour, kwh } of rows.slice(from, from + LINES_AT_ONCE)) {
      const customer = customers.get(meter);
      const cents = Math.round(kwh * TARIFFS[customer.tariff] * (hour < 6 ? 80 : 100));
      customer.owed += cents;
      invoices.push({ meter, text: `${kwh} kWh at hour ${hour}: ${cents} cents`, cents });
    }
    await breathe();
  }
  const total = invoices.reduce((sum, { cents }) => sum + cents, 0);
  statements[file % KEEP_STATEMENTS] = { file, invoices: invoices.length, total };
  for (const customer of customers.values()) {
    if (customer.owed > 10_000) customer.owed = 0;
  }
}

async function main() {
  let billing = Promise.resolve();
  await pace(FILES_PER_SECOND, (file) => {
    billing = billing.then(() => bill(file));
  });
  await billing;
}

main();
