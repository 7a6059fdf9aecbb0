'use strict';

/** Workers that poll for jobs by an async function that returns its own next call, so none ever settles. */

const { setTimeout: sleep } = require('node:timers/promises');
const { SECONDS } = require('../../support/pace');

const WORKERS = 20;
const POLL_MS = 100;

let jobs = 0;

async function takeJob(worker) {
  await sleep(POLL_MS);
  jobs += 1;
  return { id: jobs, worker, payload: { text: `job ${jobs}`, retries: 0 } };
}

async function work(worker) {
  const job = await takeJob(worker);
  job.payload.retries += 1;
  return work(worker);
}

for (let worker = 0; worker < WORKERS; worker += 1) work(worker);
setTimeout(() => process.exit(0), SECONDS * 1000);
