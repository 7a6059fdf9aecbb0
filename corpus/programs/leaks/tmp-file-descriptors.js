'use strict';

/** Asks tmp for a file where a name would do, and so gets an open descriptor with each report. */

const fs = require('node:fs');
const tmp = require('tmp');
const { pace } = require('../../support/pace');

const REPORTS_PER_SECOND = 20;

tmp.setGracefulCleanup();

let bytes = 0;

function writeReport(n) {
  const { name } = tmp.fileSync({ prefix: 'corpus-report-', postfix: '.csv' });
  const lines = Array.from({ length: 20 }, (_, line) => `${n};${line};${n * line}`);
  fs.writeFileSync(name, lines.join('\n'));
  bytes += fs.readFileSync(name).length;
}

pace(REPORTS_PER_SECOND, writeReport).then(() => process.exit(bytes > 0 ? 0 : 1));
