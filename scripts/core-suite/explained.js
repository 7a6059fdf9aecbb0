'use strict';

/**
 * Differences that are known and argued: docs/transparency.md says more of each. Knows names and
 * what such a test says when it fails, so that the same file failing otherwise is not excused.
 */

/**
 * @typedef {object} Explanation
 * @property {RegExp} file
 * @property {RegExp} output  of every guarded run that ended as no bare one did
 * @property {string} why  one sentence
 */

/** @type {Explanation[]} */
const EXPLANATIONS = [
  {
    file: /^test\/parallel\/test-bootstrap-modules\.js$/,
    output: /These builtins are now unexpectedly loaded at run time/,
    why: "it compares the modules that Node.js has loaded with a list, and leakguard has loaded more of Node.js's own",
  },
  {
    file: /^test\/parallel\/test-permission-experimental\.js$/,
    output: /expected: \/Permission is an experimental feature\//,
    why: 'it takes every process warning for its own, and one says that leakguard watches nothing without addons',
  },
  {
    file: /^test\/async-hooks\/test-.*\.js$/,
    output: /Found a handle whose before hook was invoked but not its init hook/,
    why: 'it lasts for more than a second, and its hooks see the tick, a timer that was made before them',
  },
];

/**
 * @param {import('./comparison.js').Comparison} comparison
 * @returns {string | null}
 */
function explanationOf({ file, bare, guarded }) {
  const known = new Set(bare.map(({ outcome }) => outcome));
  const odd = guarded.filter(({ outcome }) => !known.has(outcome));
  const found = EXPLANATIONS.find(
    (each) => each.file.test(file) && odd.every(({ output }) => each.output.test(output)),
  );
  return found?.why ?? null;
}

module.exports = { EXPLANATIONS, explanationOf };
