'use strict';

/**
 * The errors a caller of leakguard can see, and the one way to say something about ourselves.
 * A leak is data; only who asks for an error gets one.
 */

/** @typedef {'ERR_LEAKGUARD_OPTION' | 'ERR_LEAKGUARD_TARGET' | 'ERR_LEAKGUARD_NATIVE' | 'ERR_LEAKGUARD_NODE' | 'ERR_LEAKGUARD_INPUT' | 'ERR_LEAKGUARD_LEVEL' | 'ERR_LEAKGUARD_OUTPUT' | 'ERR_LEAKGUARD_LEAK' | 'ERR_LEAKGUARD_RUNNER' | 'ERR_LEAKGUARD_BUSY' | 'ERR_LEAKGUARD_MEMORY'} ErrorCode */

class LeakguardError extends Error {
  /**
   * @param {ErrorCode} code  what callers match on; never reused
   * @param {string} message  names the value and says what is accepted
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LeakguardError';
    this.code = code;
  }
}

/** A report with leaks, for those who want an exception of it. */
class LeakError extends LeakguardError {
  /** @param {import('..').Report} report */
  constructor(report) {
    super('ERR_LEAKGUARD_LEAK', String(report).trimEnd());
    this.name = 'LeakError';
    this.report = report;
  }
}

/**
 * @param {import('..').Report} report
 * @throws {LeakError} when its verdict is `leak`
 */
function assertNoLeaks(report) {
  if (report.verdict === 'leak') throw new LeakError(report);
}

/**
 * What a value looks like in an error message: short, and never calls the value's own code.
 * @param {unknown} value
 */
function inspectValue(value) {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? value.slice(0, 80) : value);
  if (typeof value === 'function') return 'a function';
  if (value !== null && typeof value === 'object')
    return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/**
 * What a call says to an option that it does not know.
 * @param {string} call      as `mark()`
 * @param {object} others    what is left of the options without those it knows
 * @param {string} accepted  as `is owned`
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
 */
function refuseOthers(call, others, accepted) {
  const [unknown] = Object.keys(others);
  if (unknown === undefined) return;
  throw new LeakguardError(
    'ERR_LEAKGUARD_OPTION',
    `${call}: unknown option ${inspectValue(unknown)}; accepted ${accepted}`,
  );
}

/**
 * What a call says to a value that an option cannot have.
 * @param {string} call
 * @param {string} option
 * @param {unknown} value
 * @param {string} accepted  as `are true and false`
 */
function refusedValue(call, option, value, accepted) {
  return new LeakguardError(
    'ERR_LEAKGUARD_OPTION',
    `${call}: ${option} ${inspectValue(value)} is not accepted; accepted ${accepted}`,
  );
}

/**
 * Refuses what is no whole number from `least` to `most`.
 * @param {string} call
 * @param {string} option
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 * @returns {asserts value is number}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
 */
function checkCount(call, option, value, least, most) {
  const count = /** @type {number} */ (value);
  if (Number.isInteger(count) && count >= least && count <= most) return;
  throw refusedValue(call, option, value, `is a whole number from ${least} to ${most}`);
}

const said = new Set();

/**
 * Says something about leakguard itself, once per text. Uses the process warning channel, which
 * never throws and which a host can silence.
 * @param {string} message
 * @param {string} code  LEAKGUARD_*
 */
function warnOnce(message, code) {
  if (said.has(message)) return;
  if (said.size < 100) said.add(message);
  process.emitWarning(`leakguard: ${message}`, { type: 'LeakguardWarning', code });
}

/** @param {string} message  about a failure of our own */
function warnInternal(message) {
  warnOnce(message, 'LEAKGUARD_INTERNAL');
}

exports.LeakError = LeakError;
exports.LeakguardError = LeakguardError;
exports.assertNoLeaks = assertNoLeaks;
exports.checkCount = checkCount;
exports.inspectValue = inspectValue;
exports.refuseOthers = refuseOthers;
exports.refusedValue = refusedValue;
exports.warnInternal = warnInternal;
exports.warnOnce = warnOnce;
