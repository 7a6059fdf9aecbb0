'use strict';

/**
 * Holds what leakguard said of a program against the program's label, and sums up. Pure: reports and
 * labels in, figures out.
 */

const { quantile } = require('../quantile');
const { CLASSES, HEALTHY, classOf } = require('./labels');

/** What must be reached; each a promise of the README or of the issue that asked for the corpus. */
const BOUNDS = {
  /** Share of the leaks with a finding of severity `leak`. */
  recall: 0.97,
  /** Share of those whose first finding names the guilty package or file. */
  attribution: 0.97,
  /** Share of those whose first finding is of the right kind. */
  kind: 0.9,
  /** Findings of severity `leak` for one cause. */
  findingsPerLeak: 1.3,
};

/** @typedef {import('../../index').Finding} Finding */
/** @typedef {import('../../index').ReportData} ReportData */
/** @typedef {import('./labels').Label} Label */
/** @typedef {import('./program-run').ProgramRun} ProgramRun */
/** @typedef {'found' | 'missed' | 'quiet' | 'accused' | 'failed'} Outcome */
/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} class  `healthy` where there is no leak
 * @property {Outcome} outcome
 * @property {string | null} failure
 * @property {string[]} warnings  titles of those told while it ran, each again as it grows
 * @property {string | null} kind  of the first finding of severity `leak`, like the four below
 * @property {string | null} what
 * @property {string | null} site
 * @property {boolean} attributed
 * @property {boolean} rightKind
 * @property {number} leaks     findings of severity `leak`
 * @property {number} suspects  findings of severity `suspect`
 * @property {number | null} detectedMs     from leakguard's start
 * @property {number | null} detectedTicks
 * @property {boolean} warned   whether it was told while the program ran, or only in the report
 */
/**
 * @typedef {object} Tally
 * @property {number} programs
 * @property {number} found
 * @property {number} attributed
 * @property {number} rightKind
 * @property {number} accused
 */
/**
 * @typedef {object} Summary
 * @property {Record<string, Tally>} classes  those that occur, in their fixed order
 * @property {number | null} recall       `null` where there is nothing to count, like the next three
 * @property {number | null} attribution
 * @property {number | null} kind
 * @property {number | null} findingsPerLeak
 * @property {{ medianMs: number, p95Ms: number, medianTicks: number, p95Ticks: number } | null} detection
 * @property {string[]} accused
 * @property {string[]} failed
 * @property {string[]} shortfalls  what keeps it from passing, in words
 * @property {boolean} ok
 */

/** @param {string} file */
const withSlashes = (file) => file.replaceAll('\\', '/');

/**
 * Whether a finding names a guilty package or file.
 * @param {Pick<Finding, 'site' | 'sites'>} finding
 * @param {string[]} guilty
 */
function isAttributed({ site, sites }, guilty) {
  const named = [site, ...sites].flatMap((each) => (each === null ? [] : [each]));
  const packages = named.map((each) => each.package);
  const files = named.flatMap(({ file, app }) => (app === null ? [file] : [file, app.file]));
  return guilty.some(
    (name) =>
      packages.includes(name) || files.some((file) => withSlashes(file).endsWith(`/${name}`)),
  );
}

/**
 * When the finding was first told.
 * @param {Finding} finding
 * @param {ReportData} report  that holds it
 * @param {ProgramRun['warnings']} warnings
 */
function timeOf({ kind }, { pid, startedAt, at, ticks, intervalMs }, warnings) {
  const warning = warnings.find(
    (each) => each.pid === pid && kind.toUpperCase().startsWith(each.code),
  );
  if (warning === undefined) {
    return { detectedMs: at - startedAt, detectedTicks: ticks, warned: false };
  }
  const detectedMs = Math.max(0, warning.at - startedAt);
  return { detectedMs, detectedTicks: Math.round(detectedMs / intervalMs), warned: true };
}

/** @param {Finding} finding */
function describeSite({ site }) {
  if (site === null) return null;
  const { file, line, function: name, package: packageName, app } = site;
  const at = `${withSlashes(file).split('/').at(-1)}:${line} ${name}`.trim();
  const owner = packageName === null ? '' : ` [${packageName}]`;
  const caller = app === null ? '' : ` from ${withSlashes(app.file).split('/').at(-1)}:${app.line}`;
  return `${at}${owner}${caller}`;
}

/**
 * @param {Label} label
 * @param {ProgramRun} run
 * @returns {Row}
 */
function judge(label, { failure, reports, warnings }) {
  /** @param {Finding['severity']} severity */
  const pick = (severity) =>
    reports.flatMap((report) =>
      report.findings
        .filter((finding) => finding.severity === severity)
        .map((finding) => ({ finding, report })),
    );
  const leaks = pick('leak');
  const [first] = leaks;
  /** @returns {Outcome} */
  const outcome = () => {
    // A warning that the report takes back has woken somebody all the same.
    const isAccused = first !== undefined || warnings.length > 0;
    if (label.verdict === 'healthy' && isAccused) return 'accused';
    if (failure !== null) return 'failed';
    if (label.verdict === 'healthy') return 'quiet';
    return first === undefined ? 'missed' : 'found';
  };
  return {
    name: label.name,
    class: classOf(label),
    outcome: outcome(),
    failure,
    warnings: warnings.map(({ title }) => title),
    kind: first?.finding.kind ?? null,
    what: first?.finding.what ?? null,
    site: first === undefined ? null : describeSite(first.finding),
    attributed: first !== undefined && isAttributed(first.finding, label.guilty),
    rightKind: first !== undefined && label.kinds.includes(first.finding.kind),
    leaks: leaks.length,
    suspects: pick('suspect').length,
    ...(first === undefined
      ? { detectedMs: null, detectedTicks: null, warned: false }
      : timeOf(first.finding, first.report, warnings)),
  };
}

/** @param {Row[]} found */
function detectionOf(found) {
  if (found.length === 0) return null;
  const ms = found.map((row) => row.detectedMs ?? 0);
  const ticks = found.map((row) => row.detectedTicks ?? 0);
  return {
    medianMs: quantile(ms, 0.5),
    p95Ms: quantile(ms, 0.95),
    medianTicks: quantile(ticks, 0.5),
    p95Ticks: quantile(ticks, 0.95),
  };
}

/**
 * @param {Row[]} rows
 * @returns {Summary}
 */
function summarize(rows) {
  /** @param {Row[]} some */
  const tally = (some) => {
    const found = some.filter(({ outcome }) => outcome === 'found');
    return {
      programs: some.length,
      found: found.length,
      attributed: found.filter(({ attributed }) => attributed).length,
      rightKind: found.filter(({ rightKind }) => rightKind).length,
      accused: some.filter(({ outcome }) => outcome === 'accused').length,
    };
  };
  const classes = [...CLASSES, HEALTHY]
    .map((name) => /** @type {const} */ ([name, rows.filter((row) => row.class === name)]))
    .filter(([, some]) => some.length > 0)
    .map(([name, some]) => [name, tally(some)]);

  const leaking = rows.filter((row) => row.class !== HEALTHY);
  const found = leaking.filter(({ outcome }) => outcome === 'found');
  const all = tally(leaking);
  /** @type {(part: number, whole: number) => number | null} */
  const share = (part, whole) => (whole === 0 ? null : part / whole);
  const figures = {
    recall: share(all.found, all.programs),
    attribution: share(all.attributed, all.found),
    kind: share(all.rightKind, all.found),
    findingsPerLeak: share(
      found.reduce((sum, row) => sum + row.leaks, 0),
      found.length,
    ),
  };
  const accused = rows.filter(({ outcome }) => outcome === 'accused').map(({ name }) => name);
  // One that is accused may have failed too.
  const failed = rows.filter(({ failure }) => failure !== null).map(({ name }) => name);

  const shortfalls = [];
  for (const name of /** @type {const} */ (['recall', 'attribution', 'kind'])) {
    const figure = figures[name];
    if (figure !== null && figure < BOUNDS[name]) {
      shortfalls.push(`${name} ${figure.toFixed(3)} is below ${BOUNDS[name]}`);
    }
  }
  if (figures.findingsPerLeak !== null && figures.findingsPerLeak > BOUNDS.findingsPerLeak) {
    const mean = figures.findingsPerLeak.toFixed(2);
    shortfalls.push(`${mean} findings per leak are above ${BOUNDS.findingsPerLeak}`);
  }
  if (accused.length > 0) shortfalls.push(`healthy, but accused: ${accused.join(', ')}`);
  if (failed.length > 0) shortfalls.push(`failed: ${failed.join(', ')}`);

  return {
    classes: Object.fromEntries(classes),
    ...figures,
    detection: detectionOf(found),
    accused,
    failed,
    shortfalls,
    ok: shortfalls.length === 0,
  };
}

exports.BOUNDS = BOUNDS;
exports.isAttributed = isAttributed;
exports.judge = judge;
exports.summarize = summarize;
