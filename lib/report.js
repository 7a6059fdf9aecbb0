'use strict';

/**
 * A report as the API hands it out: the JSON of the contract with its few conveniences. What is
 * ignored is taken out here, and what is known quietened, so that the core knows nothing of the host's
 * patterns and files.
 */

const { isAccepted } = require('./baseline');
const { matchesAny } = require('./ignore');
const { loadNative } = require('./native');

/** @typedef {import('..').Finding} Finding */

/**
 * What is to be left out, and what is known.
 * @typedef {object} Policy
 * @property {import('./ignore').Rule[]} ignore
 * @property {import('./baseline').Baseline | null} baseline
 */

/** The worst first, as the core has it. */
const SEVERITIES = /** @type {const} */ (['leak', 'suspect', 'note']);

/**
 * @param {Finding[]} findings  of one report
 * @param {Policy} policy
 * @param {(message: string) => void} warn
 * @returns {Finding[]}
 */
function applyPolicy(findings, { ignore, baseline }, warn) {
  const left = findings.filter((finding) => !matchesAny(finding, ignore, warn));
  if (baseline === null) return left;
  return baseline
    .apply(left)
    .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/**
 * @param {Finding[]} findings
 * @param {boolean} patient  whether there is history enough to call it clean
 * @returns {import('..').Verdict}
 */
function judge(findings, patient) {
  if (findings.some(({ severity }) => severity === 'leak')) return 'leak';
  if (findings.some(({ severity }) => severity === 'suspect')) return 'suspect';
  return patient && findings.every(isAccepted) ? 'clean' : 'inconclusive';
}

/**
 * @param {import('..').ReportData} data
 * @param {object} run
 * @param {Policy} run.policy
 * @param {{ patience: number }} run.settings  ticks
 * @param {(message: string) => void} warn
 * @returns {import('..').Report}
 */
function createReport(data, { policy, settings }, warn) {
  const findings = applyPolicy(data.findings, policy, warn);
  // What is a leak by contract needs no history.
  const verdict = judge(
    findings,
    data.verdict !== 'inconclusive' || data.ticks >= settings.patience,
  );
  return Object.assign(new Report(findings), data, { findings, verdict });
}

/**
 * @param {import('..').ReportData[]} reports  at least one
 * @returns {import('..').ReportData} of all of them
 */
function mergeReports(reports) {
  return JSON.parse(loadNative().mergeReports(reports.map((report) => JSON.stringify(report))));
}

/**
 * @param {import('..').Report} report
 * @param {Finding[]} findings  of an earlier one
 */
function addFindings(report, findings) {
  if (findings.length === 0) return report;
  const all = [...findings, ...report.findings];
  return Object.assign(report, { findings: all, verdict: judge(all, true) });
}

class Report {
  /** @param {Finding[]} findings */
  constructor(findings) {
    this.findings = findings;
  }

  /** Findings of severity leak. */
  get leaks() {
    return this.findings.filter(({ severity }) => severity === 'leak');
  }

  /** Findings of severity suspect. */
  get suspects() {
    return this.findings.filter(({ severity }) => severity === 'suspect');
  }

  toJSON() {
    return /** @type {import('..').ReportData} */ (/** @type {unknown} */ ({ ...this }));
  }

  /** The report as text for a terminal. */
  toString() {
    return loadNative().renderReport(JSON.stringify(this), 'text');
  }
}

/**
 * Whether a verdict, or a severity, is at or above what should fail.
 * @param {import('..').Verdict | Finding['severity']} verdict
 * @param {string | null | undefined} failOn
 */
function fails(verdict, failOn) {
  return typeof failOn === 'string' && (verdict === 'leak' || verdict === failOn);
}

exports.SEVERITIES = SEVERITIES;
exports.addFindings = addFindings;
exports.applyPolicy = applyPolicy;
exports.createReport = createReport;
exports.fails = fails;
exports.mergeReports = mergeReports;
