'use strict';

/**
 * Drives the real engine with real ticks, as fast as they come: a step of the tested program per
 * tick, until what is awaited was found. Counts ticks, never milliseconds.
 */

// Taken before the hooks: what drives the tests must not be a population itself.
const { setImmediate: turn, setTimeout: pause } = require('node:timers/promises');
const fs = require('node:fs');
const assert = require('node:assert/strict');
const v8 = require('node:v8');
const vm = require('node:vm');
const leakguard = require('..');

const TICK_MS = 10;
/** A trend is proven within some thirty ticks; ten times as many mean that it never will be. */
const MAX_TICKS = 300;
/** Healthy programs are judged on so many ticks: twice what a leak needs. */
const HEALTHY_TICKS = 80;

/** @typedef {import('..').Finding} Finding */
/** @typedef {{ after: (action: () => void) => void }} TestContext */

/**
 * Starts anew for one test, quick and silent.
 * @param {TestContext} t
 * @param {Partial<import('..').Options>} [options]
 */
function startQuick(t, options) {
  leakguard.start({
    interval: TICK_MS,
    patience: 10,
    sensitivity: 'high',
    warn: false,
    ...options,
  });
  t.after(() => leakguard.stop());
}

/** Waits until at least one more tick has passed. */
async function nextTick() {
  const { ticks } = leakguard.report();
  do await pause(TICK_MS);
  while (leakguard.report().ticks === ticks);
}

/**
 * @param {(round: number) => unknown} step  once per tick, at least
 * @param {number} count  ticks
 */
async function repeat(step, count) {
  const first = leakguard.report().ticks;
  for (let round = 0; leakguard.report().ticks < first + count; round += 1) {
    await step(round);
    await nextTick();
  }
}

/**
 * Repeats a step until a leak that is wanted has been told.
 * @param {(round: number) => unknown} step
 * @param {(finding: Finding) => boolean} [isWanted]
 * @returns {Promise<Finding>}
 */
async function untilLeak(step, isWanted = () => true) {
  /** @type {Finding | undefined} */
  let wanted;
  /** @param {Finding} finding */
  const listener = (finding) => {
    if (finding.severity === 'leak' && isWanted(finding)) wanted ??= finding;
  };
  leakguard.on('finding', listener);
  const first = leakguard.report().ticks;
  try {
    for (let round = 0; wanted === undefined; round += 1) {
      const report = leakguard.report();
      assert.ok(report.ticks < first + MAX_TICKS, `no such leak was told:\n${report}`);
      await step(round);
      await nextTick();
    }
  } finally {
    leakguard.off('finding', listener);
  }
  return wanted;
}

/**
 * Repeats a step of a healthy program and expects silence.
 * @param {(round: number) => unknown} step
 * @param {(finding: Finding) => boolean} [isMeant]  findings that would be about it
 */
async function expectHealthy(step, isMeant = () => true) {
  /** @type {Finding[]} */
  const told = [];
  /** @param {Finding} finding */
  const listener = (finding) => told.push(finding);
  leakguard.on('finding', listener);
  await repeat(step, HEALTHY_TICKS);
  leakguard.off('finding', listener);
  const accused = told.filter((finding) => finding.kind !== 'heap' && isMeant(finding));
  assert.deepEqual(
    accused.map(({ message }) => message),
    [],
  );
}

v8.setFlagsFromString('--expose-gc');
const gc = /** @type {() => void} */ (vm.runInNewContext('gc'));

/**
 * A full collection, whatever flags this process was started with, in a turn of its own: what a
 * WeakRef was asked for stays alive until the turn is over.
 */
async function collectGarbage() {
  await turn();
  gc();
  await turn();
}

/**
 * The line that ends with a marker.
 * @param {string} file
 * @param {string} marker  as in `// leak: name`
 */
function lineOf(file, marker) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const found = lines.flatMap((line, index) => (line.endsWith(`// ${marker}`) ? [index + 1] : []));
  assert.equal(found.length, 1, `${marker} marks one line of ${file}`);
  return found[0];
}

module.exports = {
  collectGarbage,
  expectHealthy,
  leakguard,
  lineOf,
  nextTick,
  repeat,
  startQuick,
  untilLeak,
};
