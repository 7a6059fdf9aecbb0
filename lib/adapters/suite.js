'use strict';

/**
 * What the adapters of test runners have in common: a mark when a file of tests begins, one for each
 * test, and at the end of the file a report that says which test left what behind, from which line.
 *
 * The judgement comes at the end of the file, not of each test: by then what the suite shares is
 * closed, what it dropped can be collected, and a suite that leaves nothing waits for nothing. A test
 * is blamed rightly all the same, as each registration knows the mark that ran it.
 */

const { LeakError, assertNoLeaks } = require('../errors');
const { instance } = require('../instance');
const { parseBoolean } = require('../options');

const monitor = instance();
// Before the files take its functions: what is opened by those that were not hooked is not seen.
require('node:fs/promises');
monitor.restForSuite();
monitor.catchUp();

/** @typedef {import('../marks').Mark} Mark */
/** @typedef {import('../..').Report} Report */

/** Who runs the tests registers things too. */
const OWNED = { owned: true };

class Suite {
  constructor() {
    /** @type {Mark | null} null where leakguard is switched off */
    this.since = begin('');
    /** @type {WeakMap<object, Mark>} by whatever the runner knows a test by */
    this.marks = new WeakMap();
    /** How many tests have had a label. @type {Record<string, number>} */
    this.labels = Object.create(null);
  }

  /**
   * Of two tests of one name the second is not to answer for the first.
   * @param {string} label
   */
  #unique(label) {
    const number = (this.labels[label] ?? 0) + 1;
    this.labels[label] = number;
    return number === 1 ? label : `${label} (${number})`;
  }

  /**
   * @param {object} test
   * @param {() => string} label  asked when the test is met for the first time
   * @returns {Mark | null}
   */
  markOf(test, label) {
    if (this.since === null) return null;
    let mark = this.marks.get(test);
    if (mark === undefined) {
      mark = monitor.contract.mark(this.#unique(label()), OWNED);
      this.marks.set(test, mark);
    }
    return mark;
  }

  /**
   * A test is run once more: what the attempt before has left is no concern of this one.
   * @param {object} test
   * @param {object} [former]  by which the runner knew it before
   */
  retry(test, former = test) {
    const mark = this.marks.get(former);
    if (mark === undefined) return;
    mark.forget();
    this.marks.set(test, monitor.contract.mark(mark.label, OWNED));
  }

  /**
   * What the tests so far have left behind.
   * @returns {Promise<Report | null>} null where nothing is
   */
  async finish() {
    return this.since === null ? null : monitor.contract.settledSuite(this.since);
  }

  /**
   * As `finish()`, and fails when there is a leak.
   * @throws {import('../..').LeakError}
   */
  async assertClean() {
    const report = await this.finish();
    if (report !== null) assertNoLeaks(report);
  }
}

/**
 * What of a report is a mark's.
 * @param {Report} report
 * @param {Mark | null} mark
 * @returns {import('../..').LeakError | null} null when it has left nothing
 */
function errorOf(report, mark) {
  const isOwn = (/** @type {import('../..').Finding} */ { marks }) =>
    marks.some(({ label }) => label === mark?.label);
  const findings = report.findings.filter(isOwn);
  if (!findings.some(({ severity }) => severity === 'leak')) return null;
  const own = Object.assign(Object.create(Object.getPrototypeOf(report)), report, { findings });
  return new LeakError(own);
}

/**
 * @param {string} label
 * @returns {Mark | null} null where leakguard is switched off by its environment
 */
function begin(label) {
  const { LEAKGUARD, LEAKGUARD_LEVEL } = process.env;
  const isOff = parseBoolean(LEAKGUARD) === false || LEAKGUARD_LEVEL === 'off';
  // Anything else that keeps it from watching is an error: a check that cannot run must not pass.
  return isOff ? null : monitor.contract.mark(label, OWNED);
}

exports.Suite = Suite;
exports.errorOf = errorOf;
