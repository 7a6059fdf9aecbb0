'use strict';

/**
 * Holds the guarded run of a file against its bare run, and decides what is a difference.
 * The first pair is one sample; where it differs, three more of each way are taken, since many of
 * Node's tests race with a loaded machine. A file differs unless all three guarded repeats ended in
 * ways that bare runs of it ended in too: strict against the guard, so that "now and then fails
 * under the guard, never without" counts as a difference.
 * Knows outcomes, not processes.
 */

const REPEATS = 3;

/** @typedef {import('./test-process.js').Run} Run */

/**
 * @typedef {object} Comparison
 * @property {string} file
 * @property {string} level of the guarded runs
 * @property {'same' | 'unsteady' | 'different'} verdict unsteady: differed at first, not on repeats
 * @property {Run[]} bare
 * @property {Run[]} guarded
 */

/**
 * Holds the guarded runs of one file at each level against its bare runs.
 * @param {string} file
 * @param {string[]} levels
 * @param {(level?: string) => Promise<Run>} run  without a level bare
 * @returns {Promise<Comparison[]>}
 */
async function compare(file, levels, run) {
  const bare = [await run()];
  /** @type {Comparison[]} */
  const comparisons = [];
  for (const level of levels) {
    const guarded = [await run(level)];
    if (bare[0].outcome === guarded[0].outcome) {
      comparisons.push({ file, level, verdict: 'same', bare: [...bare], guarded });
      continue;
    }
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      bare.push(await run());
      guarded.push(await run(level));
    }
    const known = new Set(bare.map(({ outcome }) => outcome));
    const isKnown = guarded.slice(1).every(({ outcome }) => known.has(outcome));
    const verdict = isKnown ? 'unsteady' : 'different';
    comparisons.push({ file, level, verdict, bare: [...bare], guarded });
  }
  return comparisons;
}

/** @param {Run} run */
function isPass({ outcome }) {
  return outcome === '0' || outcome === 'skipped';
}

module.exports = { compare, isPass };
