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
 * @property {'same' | 'unsteady' | 'different'} verdict unsteady: differed at first, not on repeats
 * @property {Run[]} bare
 * @property {Run[]} guarded
 */

/**
 * @param {string} file
 * @param {() => Promise<Run>} runBare
 * @param {() => Promise<Run>} runGuarded
 * @returns {Promise<Comparison>}
 */
async function compare(file, runBare, runGuarded) {
  const bare = [await runBare()];
  const guarded = [await runGuarded()];
  if (bare[0].outcome === guarded[0].outcome) return { file, verdict: 'same', bare, guarded };
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    bare.push(await runBare());
    guarded.push(await runGuarded());
  }
  const known = new Set(bare.map(({ outcome }) => outcome));
  const isKnown = guarded.slice(1).every(({ outcome }) => known.has(outcome));
  return { file, verdict: isKnown ? 'unsteady' : 'different', bare, guarded };
}

/** @param {Run} run */
function isPass({ outcome }) {
  return outcome === '0' || outcome === 'skipped';
}

module.exports = { compare, isPass };
