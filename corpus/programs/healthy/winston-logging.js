'use strict';

/** A batch job that logs by winston into two files, with one child logger per customer at start. */

const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const winston = require('winston');
const { pace } = require('../../support/pace');

const folder = mkdtempSync(path.join(tmpdir(), 'log-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const logger = winston.createLogger({
  format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  transports: [
    new winston.transports.File({ filename: path.join(folder, 'all.log') }),
    new winston.transports.File({ filename: path.join(folder, 'error.log'), level: 'error' }),
  ],
});
const customers = Array.from({ length: 40 }, (_, customer) => logger.child({ customer }));

async function main() {
  await pace(250, (n) => {
    const log = customers[n % customers.length];
    log.info('invoice written', { invoice: n, cents: 100 + (n % 5_000) });
    if (n % 50 === 0) log.error('mail refused', { invoice: n });
  });
  logger.end();
  await once(logger, 'finish');
}

main();
