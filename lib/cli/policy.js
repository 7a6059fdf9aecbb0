'use strict';

/**
 * What a gate lets pass: rules and a baseline, applied to the reports of a whole run. Here alone is
 * known what is stale, since one process does not know what its siblings have found, and here alone
 * the baseline is written.
 */

const fs = require('node:fs');
const path = require('node:path');
const { Baseline } = require('../baseline');
const { isStaleNote, readRules, staleNotes } = require('../ignore');
const { SEVERITIES, createReport, fails } = require('../report');
const { CliError, exitCodes } = require('./exit-codes');

/** @typedef {import('../..').ReportData} ReportData */
/** @typedef {import('../ignore').Rule} Rule */
/**
 * @typedef {object} PolicyOptions
 * @property {string[]} [ignore]          rules as texts
 * @property {string} [baseline]          absolute path
 * @property {boolean} [updateBaseline]
 * @property {string} [failOn]
 */

/** @type {readonly string[]} */
const WORST_FIRST = ['leak', 'suspect', 'inconclusive', 'clean'];
/** Stale entries that are listed. */
const MAX_LISTED = 8;
/** Patience is not in a report: what was too short to judge stays so. */
const SETTINGS = { patience: Number.POSITIVE_INFINITY };

/**
 * The rules of the environment and those of the command line, as one text.
 * @param {PolicyOptions} options
 * @throws {CliError}
 */
function ignoreText({ ignore = [] }) {
  const text = [process.env.LEAKGUARD_IGNORE ?? '', ...ignore].filter((part) => part).join();
  try {
    readRules(text);
    return text;
  } catch (error) {
    throw new CliError(exitCodes.usage, `--ignore: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {PolicyOptions} options
 * @returns {Baseline | null}
 * @throws {CliError}
 */
function openBaseline({ baseline: file, updateBaseline = false }) {
  if (file === undefined) {
    if (!updateBaseline) return null;
    throw new CliError(exitCodes.usage, '--update-baseline needs --baseline <file> to write to');
  }
  try {
    // Now, not when the command has run.
    if (updateBaseline) fs.accessSync(path.dirname(file), fs.constants.W_OK);
    return updateBaseline && !fs.existsSync(file) ? new Baseline([]) : Baseline.read(file);
  } catch (error) {
    throw new CliError(exitCodes.badInput, /** @type {Error} */ (error).message);
  }
}

/** @param {import('../baseline').Entry[]} entries */
function staleEntriesNote(entries) {
  const listed = entries
    .slice(0, MAX_LISTED)
    .map(({ signature, title }) => `${signature} ${title}`);
  if (entries.length > MAX_LISTED) listed.push(`and ${entries.length - MAX_LISTED} others`);
  return `not found any more, but in the baseline (--update-baseline removes it): ${listed.join('; ')}`;
}

/**
 * @param {Baseline} baseline
 * @param {ReportData[]} reports
 * @param {PolicyOptions} options
 * @returns {Baseline}
 * @throws {CliError}
 */
function writeUpdated(baseline, reports, { baseline: file = '', failOn = 'leak' }) {
  const failing = SEVERITIES.filter((severity) => fails(severity, failOn));
  const updated = baseline.updated(reports, { failing, folder: path.dirname(file) });
  try {
    updated.write(file);
    return updated;
  } catch (error) {
    throw new CliError(exitCodes.badInput, /** @type {Error} */ (error).message);
  }
}

/**
 * @param {ReportData} a
 * @param {ReportData} b
 */
const byVerdict = (a, b) =>
  WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict) || b.ticks - a.ticks;

/**
 * @param {ReportData[]} given  of one run
 * @param {object} policy
 * @param {Rule[]} [policy.ignore]  unless the processes have applied them
 * @param {Baseline | null} policy.baseline
 * @param {PolicyOptions} options
 * @returns {ReportData[]} the worst first, which says what is stale in all of them
 * @throws {CliError} when the baseline cannot be written
 */
function applyPolicy(given, { ignore = [], baseline }, options) {
  // A run in which nothing was watched says nothing about what is there.
  if (given.length === 0) return given;
  /**
   * @param {ReportData[]} reports
   * @param {import('../report').Policy} policy
   */
  const apply = (reports, policy) =>
    reports.map((report) =>
      createReport(report, { policy, settings: SETTINGS }, () => {}).toJSON(),
    );
  const left = apply(given, { ignore, baseline: null });
  const present =
    options.updateBaseline && baseline ? writeUpdated(baseline, left, options) : baseline;
  const [first, ...others] = apply(left, { ignore: [], baseline: present }).sort(byVerdict);
  // A rule that has matched in one process has work to do, whatever the others say.
  const stale = first.notes.filter(
    (note) => isStaleNote(note) && others.every(({ notes }) => notes.includes(note)),
  );
  stale.push(...staleNotes(ignore).filter((note) => !stale.includes(note)));
  const staleEntries = present?.stale(left) ?? [];
  if (staleEntries.length > 0) stale.push(staleEntriesNote(staleEntries));
  return [first, ...others].map((report) => {
    const notes = report.notes.filter((note) => !isStaleNote(note));
    return { ...report, notes: report === first ? [...notes, ...stale] : notes };
  });
}

exports.applyPolicy = applyPolicy;
exports.ignoreText = ignoreText;
exports.openBaseline = openBaseline;
