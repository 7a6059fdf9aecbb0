'use strict';

/** Imports measured by measured-core: a meter per job, whose clock nobody stops when the job is done. */

const measured = require('measured-core');
const { pace } = require('../../support/pace');

const JOBS_PER_SECOND = 15;
const CHUNKS = 6;
const CHUNK_MS = 40;

/** What the last imports reached, for the status page. */
const recent = [];

async function runImport(id) {
  const stats = measured.createCollection(`import-${id}`);
  const rows = stats.meter('rows');
  const sizes = stats.histogram('chunkSize');
  for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
    await new Promise((resolve) => setTimeout(resolve, CHUNK_MS));
    const size = 50 + ((id * 7 + chunk * 13) % 40);
    rows.mark(size);
    sizes.update(size);
  }
  recent.push(stats.toJSON());
  if (recent.length > 10) recent.shift();
}

async function main() {
  const running = new Set();
  await pace(JOBS_PER_SECOND, (id) => {
    const job = runImport(id).finally(() => running.delete(job));
    running.add(job);
  });
  await Promise.all(running);
  process.exit(0);
}

main();
