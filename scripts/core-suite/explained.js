'use strict';

/**
 * Differences that are known and argued: docs/transparency.md says more of each. Knows names only.
 */

/**
 * @typedef {object} Explanation
 * @property {RegExp} file
 * @property {string[]} [levels]  all unless given
 * @property {string} why  one sentence
 */

/** @type {Explanation[]} */
const EXPLANATIONS = [];

/**
 * @param {import('./comparison.js').Comparison} comparison
 * @returns {string | null}
 */
function explanationOf({ file, level }) {
  const found = EXPLANATIONS.find(
    (each) => each.file.test(file) && (each.levels?.includes(level) ?? true),
  );
  return found?.why ?? null;
}

module.exports = { EXPLANATIONS, explanationOf };
