'use strict';

/** A ledger on async's queues: payments come in files of 160, are checked one by one and booked in batches. */

const async = require('async');
const { pace } = require('../../support/pace');

const FILE_EACH_MS = 2_500;
const FILE_LINES = 160;
const CHECK_MS = 35;
const BOOK_MS = 60;
const ACCOUNTS = 80;

const balances = new Map(Array.from({ length: ACCOUNTS }, (_, id) => [id, 0]));
const counted = { booked: 0, refused: 0 };

const bookings = async.cargoQueue(
  (payments, done) => {
    setTimeout(() => {
      for (const { account, cents } of payments) {
        balances.set(account, balances.get(account) + cents);
        counted.booked += 1;
      }
      done();
    }, BOOK_MS);
  },
  1,
  25,
);

const checks = async.queue((payment, done) => {
  setTimeout(() => {
    if (payment.cents > 99_000) done(new Error(`too much for account ${payment.account}`));
    else done(null, { ...payment, checked: Date.now() });
  }, CHECK_MS);
}, 4);

function accept(payment) {
  checks.push(payment, (error, checked) => {
    if (error) counted.refused += 1;
    else bookings.push(checked);
  });
}

function readLine(n) {
  const cents = (n * 7_919) % 100_000;
  return { id: n, account: n % ACCOUNTS, cents, text: `Invoice ${n}, due in ${n % 30} days` };
}

function readFile(from) {
  for (let line = 0; line < FILE_LINES; line += 1) accept(readLine(from + line));
}

async function main() {
  let lines = 1_000_000;
  const files = setInterval(() => {
    readFile(lines);
    lines += FILE_LINES;
  }, FILE_EACH_MS);
  // Beside the files, a few from the counter.
  await pace(8, (n) => accept(readLine(n)));
  clearInterval(files);
  if (!checks.idle()) await checks.drain();
  if (!bookings.idle()) await bookings.drain();
}

main();
