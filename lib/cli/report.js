'use strict';

/** `leakguard report FILE...`: reads reports, several as one, and prints them in another form. */

const fs = require('node:fs');
const { LeakguardError } = require('../errors');
const { render } = require('../formats');
const { readRules } = require('../ignore');
const { fails, mergeReports } = require('../report');
const { CliError, exitCodes } = require('./exit-codes');
const { applyPolicy, ignoreText, openBaseline } = require('./policy');

/** @typedef {import('../..').ReportData} ReportData */

/**
 * @param {string} file
 * @returns {ReportData}
 * @throws {CliError} that names the file
 */
function readReport(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new CliError(
      exitCodes.badInput,
      `${file} cannot be read (${code}): give a report written as .json`,
    );
  }
  try {
    return JSON.parse(render(text, 'json'));
  } catch (error) {
    // No binary: the fault is not the file's.
    if (error instanceof LeakguardError) throw error;
    throw new CliError(exitCodes.badInput, `${file}: ${/** @type {Error} */ (error).message}`);
  }
}

/**
 * @param {string[]} files  at least one
 * @param {{ format: string, json?: boolean } & import('./policy').PolicyOptions} options
 * @returns {number} exit code
 */
function printReports(files, { format, json, ...options }) {
  const policy = { ignore: readRules(ignoreText(options)), baseline: openBaseline(options) };
  const reports = applyPolicy(files.map(readReport), policy, options);
  const report = reports.length === 1 ? reports[0] : mergeReports(reports);
  process.stdout.write(render(JSON.stringify(report), json ? 'json' : format));
  return fails(report.verdict, options.failOn) ? exitCodes.findings : exitCodes.ok;
}

exports.printReports = printReports;
exports.readReport = readReport;
