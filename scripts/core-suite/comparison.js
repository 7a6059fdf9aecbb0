'use strict';

/**
 * Holds the guarded runs of a file against its bare run, and decides what is a difference.
 * The first pair is one sample; where it differs, three more of each way are taken, since many of
 * Node's tests race with a loaded machine. A file differs unless all three guarded repeats ended in
 * ways that bare runs of it ended in too: strict against the guard, so that "now and then fails
 * under the guard, never without" counts as a difference. What differs is run with an empty module
 * loaded first as well: where that ends in the same ways, the test sees the option, not leakguard.
 * Knows outcomes, not processes.
 */

const REPEATS = 3;

/** @typedef {import('./test-process.js').Run} Run */

/**
 * @typedef {object} Comparison
 * @property {string} file
 * @property {string} level of the guarded runs
 * @property {'same' | 'unsteady' | 'preload' | 'different'} verdict unsteady: differed at first, not
 *   on repeats; preload: so it does with an empty module loaded first
 * @property {Run[]} bare
 * @property {Run[]} guarded
 */

/**
 * @param {Run[]} runs
 * @param {Run[]} others
 */
function endsLike(runs, others) {
  const known = new Set(others.map(({ outcome }) => outcome));
  return runs.every(({ outcome }) => known.has(outcome));
}

/**
 * @param {Run[]} runs
 * @param {number} most
 * @param {() => Promise<Run>} run
 */
async function repeat(runs, most, run) {
  while (runs.length < most) runs.push(await run());
  return runs;
}

/**
 * Holds the guarded runs of one file at each level against its bare runs.
 * @param {string} file
 * @param {string[]} levels
 * @param {object} run
 * @param {() => Promise<Run>} run.bare
 * @param {() => Promise<Run>} run.preloaded  with an empty module
 * @param {(level: string) => Promise<Run>} run.guarded
 * @returns {Promise<Comparison[]>}
 */
async function compare(file, levels, run) {
  const bare = [await run.bare()];
  /** @type {Run[]} */
  const preloaded = [];
  /** @type {Comparison[]} */
  const comparisons = [];
  for (const level of levels) {
    const guarded = [await run.guarded(level)];
    /** @type {Comparison['verdict']} */
    let verdict = 'same';
    if (guarded[0].outcome !== bare[0].outcome) {
      await repeat(bare, 1 + REPEATS, run.bare);
      await repeat(guarded, 1 + REPEATS, () => run.guarded(level));
      if (endsLike(guarded.slice(1), bare)) verdict = 'unsteady';
      else if (endsLike(guarded, await repeat(preloaded, REPEATS, run.preloaded))) {
        verdict = 'preload';
      } else verdict = 'different';
    }
    comparisons.push({ file, level, verdict, bare: [...bare], guarded });
  }
  return comparisons;
}

/** @param {Run} run */
function isPass({ outcome }) {
  return outcome === '0' || outcome === 'skipped';
}

module.exports = { compare, isPass };
