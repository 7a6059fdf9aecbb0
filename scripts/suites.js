#!/usr/bin/env node
'use strict';

/**
 * `npm run test:suites`: the seeded suite of sixty tests, twenty of which leak, under every runner with
 * its adapter, as often as wanted. Prints how many of the guilty were blamed, how many of the innocent,
 * and in how many runs it came out otherwise than in the first.
 */

const { parseArgs } = require('node:util');
const { bodies } = require('../__test__/fixtures/suites/bodies');
const { parseCount, parseList, readOrExit } = require('./command-line');
const { buildAddon, installPackages } = require('./setup');
const { RUNNERS, SUITE_FOLDERS, runSuite } = require('./suites/suite-run');

const MAJORS = ['20', '22', '24', '26'];
/** A run takes one to three seconds. */
const MAX_RERUNS = 10_000;
const NAMES = [...new Set(RUNNERS.map(({ name }) => name))];

const HELP = `Usage: npm run test:suites -- [options]

  --node MAJOR    of ${MAJORS.join(', ')} (default: 24)
  --runner LIST   of ${NAMES.join(', ')} (default: all)
  --reruns N      runs of each (default: 10)
  --jobs N        runs at once, 1 to 8 (default: 2)

Exit code: 0 every run blamed the guilty and nobody else, 1 not, 64 wrong usage.
`;

const settings = readOrExit(
  'test:suites',
  () => {
    const { values } = parseArgs({
      options: {
        node: { type: 'string', default: '24' },
        runner: { type: 'string', default: NAMES.join(',') },
        reruns: { type: 'string', default: '10' },
        jobs: { type: 'string', default: '2' },
      },
    });
    const [node] = parseList('--node', values.node, MAJORS);
    return {
      node,
      names: parseList('--runner', values.runner, NAMES),
      reruns: parseCount('--reruns', values.reruns, MAX_RERUNS),
      jobs: parseCount('--jobs', values.jobs, 8),
    };
  },
  HELP,
);

const guilty = new Set(bodies.filter(({ leaks }) => leaks !== null).map(({ name }) => name));

/**
 * @param {import('./suites/suite-run').Runner} runner
 * @param {boolean} concurrent
 */
async function repeat(runner, concurrent) {
  const { node, reruns, jobs } = settings;
  /** @type {Set<string>[]} */
  const runs = [];
  let begun = 0;
  const worker = async () => {
    while (begun < reruns) {
      begun += 1;
      runs.push((await runSuite(runner, 'seeded', { node, concurrent })).blamed);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const rightly = runs.map((blamed) => [...blamed].filter((name) => guilty.has(name)).length);
  const wrongly = runs.map((blamed) => [...blamed].filter((name) => !guilty.has(name)).length);
  const sum = (/** @type {number[]} */ counts) => counts.reduce((total, count) => total + count, 0);
  const texts = runs.map((blamed) => [...blamed].sort().join());
  return {
    blamed: sum(rightly) / (reruns * guilty.size),
    innocent: sum(wrongly),
    flips: texts.filter((text) => text !== texts[0]).length,
  };
}

async function main() {
  for (const folder of ['.', '__test__/runtimes', ...SUITE_FOLDERS]) installPackages(folder);
  buildAddon();
  const { node, names, reruns } = settings;
  process.stdout.write(
    `Node ${node}, ${reruns} runs each: guilty blamed, innocent accused, flips\n`,
  );
  let right = true;
  for (const runner of RUNNERS) {
    const { name, major, from = 20 } = runner;
    if (!names.includes(name) || Number(node) < from) continue;
    for (const concurrent of runner.concurrent ? [false, true] : [false]) {
      const { blamed, innocent, flips } = await repeat(runner, concurrent);
      right &&= blamed === 1 && innocent === 0;
      const how = concurrent ? 'at the same time' : 'one after the other';
      process.stdout.write(
        `${`${name} (${major}), ${how}`.padEnd(46)} ${(blamed * 100).toFixed(2)} %  ${innocent}  ${flips}\n`,
      );
    }
  }
  process.exitCode = right ? 0 : 1;
}

main();
