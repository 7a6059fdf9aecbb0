'use strict';

/** Puts the tenant in front of log lines by wrapping loglevel's method factory, for each job once more. */

const log = require('loglevel');
const { pace } = require('../../support/pace');

const JOBS_PER_SECOND = 20;

log.setLevel('error');

/** As the README shows for plug-ins. */
function prefixWith(job) {
  const rawMethodFactory = log.methodFactory;
  log.methodFactory = (methodName, level, loggerName) => {
    const rawMethod = rawMethodFactory(methodName, level, loggerName);
    return (...message) => rawMethod(`[${job.tenant} ${job.id}]`, ...message);
  };
  log.setLevel(log.getLevel());
}

async function transcode(job) {
  log.info('begun');
  for (let step = 0; step < 3; step += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    job.frames.push({ step, size: (job.id * (step + 5)) % 4096 });
    log.debug('frame', step);
  }
  log.info('done', job.frames.length);
}

async function main() {
  await pace(JOBS_PER_SECOND, (id) => {
    const job = { id, tenant: `tenant-${id % 12}`, frames: [], source: `in/${id}.mp4` };
    prefixWith(job);
    transcode(job);
  });
}

main();
