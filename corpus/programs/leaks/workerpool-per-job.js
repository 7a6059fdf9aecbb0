'use strict';

/** Makes a workerpool for each report and does not terminate it: a thread stays for each. */

const workerpool = require('workerpool');
const { pace } = require('../../support/pace');

const REPORTS_PER_SECOND = 1.5;

function countPrimes(limit) {
  let primes = 0;
  for (let n = 2; n < limit; n += 1) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor += 1;
    if (divisor * divisor > n) primes += 1;
  }
  return primes;
}

let total = 0;

async function makeReport(n) {
  const pool = workerpool.pool({ maxWorkers: 1, workerType: 'thread' });
  total += await pool.exec(countPrimes, [2_000 + n]);
}

pace(REPORTS_PER_SECOND, (n) => {
  makeReport(n);
}).then(() => process.exit(total > 0 ? 0 : 1));
