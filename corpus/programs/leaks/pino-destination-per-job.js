'use strict';

/** Opens a pino destination for the log of each job, and none is ended when its job is over. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const pino = require('pino');
const { pace } = require('../../support/pace');

const JOBS_PER_SECOND = 15;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-logs-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

async function runJob(n) {
  const file = path.join(folder, `job-${n % 100}.log`);
  const log = pino({ base: { job: n } }, pino.destination({ dest: file, sync: true }));
  for (let step = 0; step < 5; step += 1) {
    await sleep(4);
    log.info({ step }, 'step done');
  }
}

pace(JOBS_PER_SECOND, (n) => {
  runJob(n);
}).then(() => process.exit(0));
