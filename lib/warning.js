'use strict';

/** A finding as a process warning. */

/** @typedef {import('..').Finding} Finding */

/** Where the code is not LEAKGUARD_ and the kind. @type {Partial<Record<Finding['kind'], string>>} */
const CODES = { collections: 'COLLECTION' };

/**
 * @param {Finding} finding
 * @returns {Error} for `process.emitWarning`
 */
function createWarning(finding) {
  const { kind, message, site } = finding;
  // The first line carries the code; what belongs to it is indented below.
  const warning = new Error(message.replaceAll('\n', '\n  '));
  // With --trace-warnings Node prints the stack: the guilty line, not ours.
  const at =
    site === null ? '' : `\n    at ${site.function} (${site.file}:${site.line}:${site.column})`;
  return Object.assign(warning, {
    name: 'LeakWarning',
    code: `LEAKGUARD_${CODES[kind] ?? kind.toUpperCase()}`,
    stack: `LeakWarning: ${warning.message}${at}`,
    finding,
  });
}

exports.createWarning = createWarning;
