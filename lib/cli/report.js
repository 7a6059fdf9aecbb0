'use strict';

/** `leakguard report FILE`: reads a report and prints it in another form. */

const fs = require('node:fs');
const { readRules } = require('../ignore');
const { loadNative } = require('../native');
const { CliError, exitCodes } = require('./exit-codes');
const { applyPolicy, ignoreText, openBaseline } = require('./policy');

/** @typedef {import('../..').ReportData} ReportData */

/**
 * @param {string} file
 * @returns {string} its text
 * @throws {CliError}
 */
function readFile(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new CliError(
      exitCodes.badInput,
      `${file} cannot be read (${code}): give a report written as .json`,
    );
  }
}

/**
 * @param {string} text  JSON of a report
 * @param {string} format
 * @param {string} source  named in errors
 * @throws {CliError}
 */
function render(text, format, source) {
  const { renderReport } = loadNative();
  try {
    return renderReport(text, format);
  } catch (error) {
    throw new CliError(exitCodes.badInput, `${source}: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * Whether a verdict is at or above what should fail.
 * @param {import('../..').Verdict} verdict
 * @param {string | undefined} failOn
 */
function fails(verdict, failOn) {
  return failOn !== undefined && (verdict === 'leak' || verdict === failOn);
}

/**
 * @param {string} file
 * @param {{ format: string, json?: boolean } & import('./policy').PolicyOptions} options
 * @returns {number} exit code
 */
function printReport(file, { format, json, ...options }) {
  const policy = { ignore: readRules(ignoreText(options)), baseline: openBaseline(options) };
  /** @type {ReportData} */
  const written = JSON.parse(render(readFile(file), 'json', file));
  const [report] = applyPolicy([written], policy, options);
  const rendered = render(JSON.stringify(report), json ? 'json' : format, file);
  process.stdout.write(rendered.endsWith('\n') ? rendered : `${rendered}\n`);
  return fails(report.verdict, options.failOn) ? exitCodes.findings : exitCodes.ok;
}

exports.fails = fails;
exports.printReport = printReport;
exports.render = render;
