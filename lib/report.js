'use strict';

/**
 * A report as the API hands it out: the JSON of the contract with its few conveniences. What is
 * ignored is taken out here, so that the core knows nothing of the host's patterns.
 */

const { loadNative } = require('./native');

/** @typedef {import('..').Finding} Finding */

/**
 * @param {Finding} finding
 * @param {import('./options').IgnoreRule[]} rules  text: equal to the signature, the package or the
 *   owner, or part of the file; a pattern: matched against these; a function: asked
 * @param {(message: string) => void} warn
 */
function isIgnored(finding, rules, warn) {
  const { signature, owner, site } = finding;
  const texts = [signature, owner, site?.package, site?.file].filter((text) => text != null);
  return rules.some((rule) => {
    if (typeof rule === 'function') {
      try {
        return rule(finding) === true;
      } catch (error) {
        warn(`a function in the option ignore threw and is taken as false: ${error}`);
        return false;
      }
    }
    if (rule instanceof RegExp) return texts.some((text) => text.search(rule) !== -1);
    return [signature, owner, site?.package].includes(rule) || site?.file.includes(rule) === true;
  });
}

/**
 * @param {Finding[]} findings
 * @param {boolean} patient  whether there is history enough to call it clean
 * @returns {import('..').Verdict}
 */
function judge(findings, patient) {
  if (findings.some(({ severity }) => severity === 'leak')) return 'leak';
  if (findings.some(({ severity }) => severity === 'suspect')) return 'suspect';
  return findings.length > 0 || !patient ? 'inconclusive' : 'clean';
}

/**
 * @param {import('..').ReportData} data
 * @param {import('./options').Settings} settings
 * @param {(message: string) => void} warn
 * @returns {import('..').Report}
 */
function createReport(data, { ignore, patience }, warn) {
  const findings = data.findings.filter((finding) => !isIgnored(finding, ignore, warn));
  const verdict =
    findings.length === data.findings.length
      ? data.verdict
      : judge(findings, data.ticks >= patience);
  return Object.assign(new Report(findings), data, { findings, verdict });
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

exports.addFindings = addFindings;
exports.createReport = createReport;
exports.isIgnored = isIgnored;
