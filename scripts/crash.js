#!/usr/bin/env node
'use strict';

/**
 * `npm run test:crash`: lets processes die at random moments, by `kill -9`, `process.abort()` and a full heap, and
 * prints one line on what their recordings had. `npm run test:crash -- --times 1000 --jobs 2 --seed 1 --json`.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('./command-line');
const { WAYS, runCrashes } = require('./crash/crashes');
const { quantile } = require('./quantile');
const { buildAddon } = require('./setup');

const MAX_TIMES = 100_000;
const MAX_JOBS = 64;

const {
  json,
  folder: parent,
  ...plan
} = readOrExit('npm run test:crash', () => {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '1000' },
      jobs: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      folder: { type: 'string', default: fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir() },
      json: { type: 'boolean', default: false },
    },
  });
  return {
    times: parseCount('--times', values.times, MAX_TIMES),
    jobs: parseCount('--jobs', values.jobs, MAX_JOBS),
    seed: parseCount('--seed', values.seed, 2 ** 31),
    folder: values.folder,
    json: values.json,
  };
});

/** @param {import('./crash/crashes').Outcome[]} outcomes */
function summarize(outcomes) {
  const ticked = outcomes.filter(({ ticked }) => ticked);
  const read = ticked.filter(({ fault }) => fault === null);
  const staleMs = read.map(({ staleMs }) => staleMs);
  const sum = (/** @type {(one: typeof outcomes[number]) => number} */ of) =>
    ticked.reduce((total, one) => total + of(one), 0);
  return {
    processes: outcomes.length,
    ...Object.fromEntries(WAYS.map((way) => [way, outcomes.filter((it) => it.way === way).length])),
    beforeFirstTick: outcomes.length - ticked.length,
    read: read.length,
    unreadable: ticked.filter(({ fault }) => fault !== null).map(({ fault }) => fault),
    torn: sum(({ torn }) => torn),
    staleTicks: Math.max(0, ...ticked.map(({ staleTicks }) => staleTicks)),
    staleMs: { median: quantile(staleMs, 0.5), p99: quantile(staleMs, 0.99) },
    told: sum(({ told }) => told),
    lost: sum(({ lost }) => lost.length),
    nearLimit: ticked.filter(({ nearLimit }) => nearLimit).length,
  };
}

async function main() {
  buildAddon();
  const folder = fs.mkdtempSync(path.join(parent, 'leakguard-crash-'));
  try {
    const figures = summarize(await runCrashes({ ...plan, folder }));
    const { kill, abort, heap } = /** @type {Record<string, any>} */ (figures);
    process.stdout.write(
      json
        ? `${JSON.stringify(figures)}\n`
        : `${figures.processes} processes: ${kill} killed, ${abort} aborted, ${heap} out of memory; ` +
            `${figures.beforeFirstTick} before their first tick, ${figures.read} of the others' recordings read; ` +
            `${figures.torn} torn records, ${figures.staleTicks} ticks stale at most, ` +
            `${figures.staleMs.median} ms in the median, ${figures.staleMs.p99} ms at the 99th percentile; ` +
            `${figures.told} findings told, ${figures.lost} lost; ${figures.nearLimit} near the limit noted\n`,
    );
    for (const fault of figures.unreadable) process.stdout.write(`unreadable: ${fault}\n`);
    const failed = figures.unreadable.length > 0 || figures.lost > 0 || figures.staleTicks > 1;
    process.exitCode = failed ? 1 : 0;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
