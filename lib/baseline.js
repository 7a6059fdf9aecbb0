'use strict';

/**
 * The baseline: findings that are known, in a file that is reviewed and committed. What it knows is a
 * note as long as there is no more of it. It shrinks and grows only where `toJSON()` is written, which
 * the command line alone does, on request.
 *
 * An entry is a signature, a kind and a tier with the count of one report, since a process of its own
 * is what runs the same code again. Findings that share them, two lines of one function, are counted
 * together: a third line would pass for one of them otherwise.
 */

const fs = require('node:fs');
const path = require('node:path');
const { LeakguardError } = require('./errors');
const { replaceFile } = require('./replace-file');
const { loadNative } = require('./native');

const VERSION = 1;
/** How long a program ran and how busy it was is in the count of a trend, not in that of a test. */
const TREND_TOLERANCE = 1.5;
const SIGNAL = 'baseline';

/** @typedef {import('..').Finding} Finding */
/**
 * @typedef {object} Entry
 * @property {string} signature
 * @property {Finding['kind']} kind
 * @property {Finding['tier']} tier
 * @property {string} title
 * @property {number} count
 * @property {string | null} site  module and function, without a line
 */
/** @typedef {Pick<Entry, 'signature' | 'kind' | 'tier'>} Key */

/** @param {Key} key */
const keyOf = ({ signature, kind, tier }) => `${signature} ${kind} ${tier}`;

/** @param {Finding} finding */
const isKnown = ({ severity, evidence }) =>
  severity === 'note' && evidence.some(({ signal }) => signal === SIGNAL);

/** @param {Finding} finding */
const isAllowed = ({ evidence }) => evidence.some(({ signal }) => signal === 'allowed');

/**
 * Whether a note is one because somebody said so: it leaves the verdict alone.
 * @param {Finding} finding
 */
const isAccepted = (finding) => isKnown(finding) || isAllowed(finding);

/**
 * @param {Finding[]} findings  of one report
 * @returns {Map<string, { first: Finding, count: number }>} by key, the largest first
 */
function countByKey(findings) {
  const counts = new Map();
  for (const finding of findings) {
    if (isAllowed(finding)) continue;
    const key = keyOf(finding);
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { first: finding, count: finding.count });
    else known.count += finding.count;
  }
  return counts;
}

/**
 * @param {Finding['site']} site
 * @param {string} folder  of the baseline
 */
function describeSite(site, folder) {
  if (site === null) return null;
  const [, inPackage] = /^.*[\\/]node_modules[\\/](.+)$/.exec(site.file) ?? [];
  const inside = path.isAbsolute(site.file) ? path.relative(folder, site.file) : site.file;
  const isBelow = !inside.startsWith('..') && !path.isAbsolute(inside);
  const module = inPackage ?? (isBelow ? inside : path.basename(site.file));
  return `${module.replaceAll('\\', '/')} ${site.function}`.trimEnd();
}

class Baseline {
  /** @param {Entry[]} entries */
  constructor(entries) {
    this.entries = new Map(entries.map((entry) => [keyOf(entry), entry]));
  }

  /**
   * @param {string} file
   * @returns {Baseline}
   * @throws {LeakguardError} ERR_LEAKGUARD_INPUT, naming the file, the place in it and what is accepted
   */
  static read(file) {
    const refused = (/** @type {string} */ message, /** @type {unknown} */ cause) =>
      new LeakguardError('ERR_LEAKGUARD_INPUT', message, cause);
    let text = '';
    try {
      text = fs.readFileSync(file, 'utf8');
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      throw refused(
        `the baseline ${file} cannot be read (${code}): --update-baseline makes one`,
        error,
      );
    }
    try {
      loadNative().checkBaseline(text);
    } catch (error) {
      throw refused(
        `${file} is ${/** @type {Error} */ (error).message}; accepted is what --update-baseline writes`,
        error,
      );
    }
    return new Baseline(JSON.parse(text).findings);
  }

  /**
   * What is known becomes a note; what there is more of stays, and says so.
   * @param {Finding[]} findings  of one report
   * @returns {Finding[]}
   */
  apply(findings) {
    const counts = countByKey(findings);
    return findings.map((finding) => {
      const entry = this.entries.get(keyOf(finding));
      if (entry === undefined || finding.severity === 'note') return finding;
      const { count } = /** @type {{ count: number }} */ (counts.get(keyOf(finding)));
      const most = finding.tier === 'trend' ? entry.count * TREND_TOLERANCE : entry.count;
      const others = finding.evidence.filter(({ signal }) => signal !== SIGNAL);
      const detail =
        count > most
          ? `the baseline has ${entry.count} of it, and here are ${count}`
          : `the baseline has ${entry.count} of it`;
      return {
        ...finding,
        severity: count > most ? finding.severity : 'note',
        evidence: [...others, { signal: SIGNAL, detail }],
      };
    });
  }

  /**
   * What the reports of a whole run do not have any more.
   * @param {{ findings: Finding[] }[]} reports
   * @returns {Entry[]}
   */
  stale(reports) {
    const found = new Set(reports.flatMap(({ findings }) => [...countByKey(findings).keys()]));
    return [...this.entries].flatMap(([key, entry]) => (found.has(key) ? [] : [entry]));
  }

  /**
   * As a whole run has it: what is known and still there, with what is new and would fail.
   * @param {{ findings: Finding[] }[]} reports
   * @param {object} options
   * @param {readonly string[]} options.failing  severities
   * @param {string} options.folder              that sites are told relative to
   * @returns {Baseline}
   */
  updated(reports, { failing, folder }) {
    /** @type {Map<string, Entry>} */
    const entries = new Map();
    for (const { findings } of reports) {
      const wanted = findings.filter(({ severity }) => failing.includes(severity)).map(keyOf);
      for (const [key, { first, count }] of countByKey(findings)) {
        if (!this.entries.has(key) && !wanted.includes(key)) continue;
        if (count <= (entries.get(key)?.count ?? 0)) continue;
        const { signature, kind, tier, title } = first;
        const site = describeSite(first.site, folder);
        entries.set(key, { signature, kind, tier, title, count, site });
      }
    }
    return new Baseline(
      [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry),
    );
  }

  /** The file, one line for each field, in an order that stays. */
  toJSON() {
    return { leakguard: 'baseline', version: VERSION, findings: [...this.entries.values()] };
  }

  /**
   * Whole or not at all: a reader, or another writer, never meets a part of it.
   * @param {string} file
   * @throws {LeakguardError} ERR_LEAKGUARD_OUTPUT
   */
  write(file) {
    try {
      replaceFile(file, `${JSON.stringify(this, null, 2)}\n`);
    } catch (error) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OUTPUT',
        `the baseline ${file} cannot be written: ${/** @type {Error} */ (error).message}`,
        error,
      );
    }
  }
}

exports.Baseline = Baseline;
exports.isAccepted = isAccepted;
