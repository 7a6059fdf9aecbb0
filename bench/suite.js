#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:suite`: what the adapters cost. A suite of 500 healthy tests with ordinary work
 * (`bench/suite/ordinary.js`) is run by `node:test` bare and with the adapter at level `exact`, in turns,
 * and so is a file of ten small tests (`bench/suite/short.js`), which shows what the start of each file costs,
 * and a pair of `on` and `off` on an emitter that is older than its mark, which is the dearest case.
 */

const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseCount, parseList, readOrExit } = require('../scripts/command-line');
const { ROOT, buildAddon, installPackages, nodeBinary } = require('../scripts/setup');
const { runNode, summary } = require('./measure');

const MAJORS = ['20', '22', '24', '26'];
const HELP = `Usage: npm run bench:suite -- [options]

  --node LIST   of ${MAJORS.join(', ')} (default: all)
  --rounds N    interleaved pairs of runs (default: 7)
`;

const { majors, rounds } = readOrExit(
  'bench:suite',
  () => {
    const { values } = parseArgs({
      options: {
        node: { type: 'string', default: MAJORS.join(',') },
        rounds: { type: 'string', default: '7' },
      },
    });
    return {
      majors: parseList('--node', values.node, MAJORS),
      rounds: parseCount('--rounds', values.rounds, 100),
    };
  },
  HELP,
);

/** Pairs of runs of the short file in a round. */
const SHORT_PAIRS = 8;
/** On one emitter: each is recorded, and some that stand for the others. */
const PAIR_COUNTS = [500, 20_000];

/** Nanoseconds of an `on` and an `off`, printed by a process of its own. */
const PAIR = `
  const PAIRS = Number(process.env.PAIRS);
  const { EventEmitter } = require('node:events');
  const emitters = Array.from({ length: 15 }, () => new EventEmitter());
  const listener = () => {};
  if (process.env.MARKED === '1') {
    require(${JSON.stringify(ROOT)}).mark('suite', { owned: true }).begin();
  }
  const rounds = [];
  for (const emitter of emitters) {
    const start = process.hrtime.bigint();
    for (let count = 0; count < PAIRS; count += 1) {
      emitter.on('x', listener);
      emitter.off('x', listener);
    }
    rounds.push(Number(process.hrtime.bigint() - start) / PAIRS);
  }
  console.log(Math.min(...rounds));
`;

/** @param {ReturnType<typeof summary>} times */
const describe = ({ best, median, worst }) =>
  `${median.toFixed(0)} ms (${best.toFixed(0)}-${worst.toFixed(0)})`;

/** @param {{ count: number, bare: number[], marked: number[] }} pairs */
const describePair = ({ count, bare, marked }) =>
  `${count} on+off of one emitter ${summary(bare).median.toFixed(0)} ns bare, ` +
  `${summary(marked).median.toFixed(0)} ns recorded`;

/**
 * @param {string} node
 * @param {string[]} args
 * @returns {number} ms
 */
function timeOf(node, args) {
  const start = performance.now();
  runNode(node, args, { LEAKGUARD_LEVEL: 'exact' });
  return performance.now() - start;
}

for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
buildAddon();
const [suite, shortFile] = ['ordinary.js', 'short.js'].map((name) =>
  path.join(__dirname, 'suite', name),
);
const adapter = ['--require', path.join(ROOT, 'lib/adapters/node-test.js')];
for (const major of majors) {
  const node = nodeBinary(major);
  /** @type {number[]} */
  const [bare, guarded, bareShort, guardedShort] = [[], [], [], []];
  const pairs = PAIR_COUNTS.map((count) => ({
    count,
    bare: /** @type {number[]} */ ([]),
    marked: /** @type {number[]} */ ([]),
  }));
  for (let round = 0; round < rounds; round += 1) {
    bare.push(timeOf(node, [suite]));
    guarded.push(timeOf(node, [...adapter, suite]));
    for (let pair = 0; pair < SHORT_PAIRS; pair += 1) {
      bareShort.push(timeOf(node, [shortFile]));
      guardedShort.push(timeOf(node, [...adapter, shortFile]));
    }
    for (const { count, bare, marked } of pairs) {
      const env = { PAIRS: String(count), LEAKGUARD_LEVEL: 'exact' };
      bare.push(Number(runNode(node, ['-e', PAIR], env)));
      marked.push(Number(runNode(node, ['-e', PAIR], { ...env, MARKED: '1' })));
    }
  }
  const ratios = guarded.map((ms, index) => ms / bare[index]);
  const added = guardedShort.map((ms, index) => ms - bareShort[index]);
  process.stdout.write(
    `Node ${major}: suite ${describe(summary(bare))} bare, ` +
      `${describe(summary(guarded))} with the adapter, ` +
      `median of ratios ${summary(ratios).median.toFixed(3)}; ` +
      `short file ${describe(summary(bareShort))} bare, median of what is added ` +
      `${summary(added).median.toFixed(1)} ms; ` +
      `${pairs.map(describePair).join(', ')}\n`,
  );
}
