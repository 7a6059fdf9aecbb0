'use strict';

/** The scoreboard as text: a row per program, a line per class, and the sum. */

/** @typedef {import('./score').Row} Row */
/** @typedef {import('./score').Summary} Summary */

const MARKS = { found: 'ok', quiet: 'ok', missed: 'MISSED', accused: 'ACCUSED', failed: 'FAILED' };

/**
 * Columns as wide as what is in them.
 * @param {string[][]} rows
 */
function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd(),
  );
}

/** @param {Row} row */
function markOf(row) {
  if (row.outcome === 'found' && !row.attributed) return 'WRONG SITE';
  if (row.outcome === 'found' && !row.rightKind) return 'wrong kind';
  return MARKS[row.outcome];
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** @param {Row} row */
function detectionOf({ detectedMs, detectedTicks, warned }) {
  if (detectedMs === null) return ['', ''];
  return [warned ? seconds(detectedMs) : 'at exit', String(detectedTicks)];
}

/** @param {Row} row */
function takenBackOf({ outcome, leaks, warnings }) {
  return outcome === 'accused' && leaks === 0 ? `taken back: ${warnings[0]}` : null;
}

/** @param {Row} row */
function formatRow(row) {
  const { name, kind, what, leaks, suspects, site, failure } = row;
  return [
    markOf(row),
    row.class,
    name,
    kind === null ? '' : `${kind}/${what}`,
    leaks === 0 ? '' : String(leaks),
    suspects === 0 ? '' : String(suspects),
    ...detectionOf(row),
    [failure, site, takenBackOf(row)].filter(Boolean).join('; '),
  ];
}

/**
 * @param {string} node  version
 * @param {Row[]} rows
 * @param {Summary} summary
 */
function formatScoreboard(node, rows, summary) {
  const head = ['', 'class', 'program', 'kind', 'leaks', 'suspects', 'told', 'ticks', 'site'];
  const perClass = Object.entries(summary.classes).map(
    ([name, { programs, found, attributed, rightKind, accused }]) => {
      if (name === 'healthy') return [name, String(programs), '', '', '', String(accused)];
      return [name, String(programs), String(found), String(attributed), String(rightKind), ''];
    },
  );
  /** @param {number | null} figure */
  const figure = (figure) => (figure === null ? '-' : figure.toFixed(3));
  const { detection } = summary;
  return [
    `Node ${node}`,
    ...align([head, ...rows.map(formatRow)]),
    '',
    ...align([['class', 'programs', 'found', 'attributed', 'kind', 'accused'], ...perClass]),
    '',
    `  recall ${figure(summary.recall)} · attribution ${figure(summary.attribution)} · ` +
      `kind ${figure(summary.kind)} · findings per leak ${figure(summary.findingsPerLeak)} · ` +
      `accused ${summary.accused.length} · failed ${summary.failed.length}`,
    ...(detection === null
      ? []
      : [
          `  told after a median of ${seconds(detection.medianMs)} (${detection.medianTicks} ticks), ` +
            `95 % within ${seconds(detection.p95Ms)} (${detection.p95Ticks} ticks)`,
        ]),
    ...summary.shortfalls.map((text) => `  FAIL  ${text}`),
    '',
  ].join('\n');
}

exports.formatScoreboard = formatScoreboard;
exports.markOf = markOf;
