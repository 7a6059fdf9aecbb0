/** What the page says in sentences: the answer, the growth of a finding, what a chart shows. */

import { bytes, count, decimal, duration, plural } from './numbers.mjs';
import { baseName } from './paths.mjs';
import { countsBytes, ownFrame } from './report.mjs';

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {import('./report.mjs').ShownReport} ShownReport */

/** A level that has not changed for this part of its history is said to stand still. */
const STILL_PARTS = 5;

export const SEVERITIES = /** @type {const} */ (['leak', 'suspect', 'note']);

/** @param {Finding} finding @param {number} value  in the unit of its count */
export function amount(finding, value) {
  return countsBytes(finding) ? bytes(value) : count(value);
}

/** @param {Finding} finding @returns {string} empty when it does not grow */
export function rate(finding) {
  const { ratePerMinute } = finding;
  if (ratePerMinute <= 0) return '';
  return `${countsBytes(finding) ? bytes(ratePerMinute) : decimal(ratePerMinute)} a minute`;
}

/** @param {ShownReport} report @returns {string} `2 leaks, 1 note`; empty without findings */
export function tally({ findings }) {
  return SEVERITIES.map((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? '' : plural(number, severity);
  })
    .filter((part) => part !== '')
    .join(', ');
}

/** @param {ShownReport} report @returns {string} the answer in few words */
export function answer(report) {
  const found = tally(report);
  switch (report.verdict) {
    case 'clean':
      return found === '' ? 'Clean: nothing grows' : `Clean, with ${found} of what is known`;
    case 'inconclusive':
      return found === '' ? 'Inconclusive: too little history' : `Inconclusive: ${found}`;
    default:
      return found;
  }
}

/** @param {ShownReport} report @returns {string} the worst finding as a sentence; empty without one */
export function worst({ findings }) {
  const [finding] = findings;
  if (finding === undefined) return '';
  const frame = ownFrame(finding);
  const by = rate(finding);
  const parts = [
    finding.title,
    finding.tier === 'trend' && by !== '' ? `, ${by.replace(' a minute', ' more a minute')}` : '',
    frame === null ? '' : `, from ${baseName(frame.file)}:${frame.line}`,
  ];
  return parts.join('');
}

/** @param {ShownReport} report @returns {string} what the verdict rests on */
export function watched({ ticks, startedAt, at, ledger }) {
  const subjects = plural(ledger.tracked, 'population');
  return `${plural(ticks, 'tick')} in ${duration(at - startedAt)}, ${subjects} followed`;
}

/**
 * @param {[number, number][]} points
 * @param {(value: number) => string} shown
 * @returns {string} a chart for those who do not see it
 */
export function chartSentence(points, shown) {
  const values = points.map(([, value]) => value);
  const [first, last] = [points[0], points[points.length - 1]];
  const span = duration(last[0] - first[0]);
  return (
    `From ${shown(first[1])} to ${shown(last[1])} in ${span}, ` +
    `lowest ${shown(Math.min(...values))}, highest ${shown(Math.max(...values))}, ${plural(points.length, 'point')}`
  );
}

/** @param {Finding} finding @param {number} at @returns {string} since when it stands still; empty if it does not */
export function stillness({ history, lastSeen }, at) {
  if (history.length < 2) return '';
  const span = history[history.length - 1][0] - history[0][0];
  const still = at - lastSeen;
  return still > span / STILL_PARTS ? duration(still) : '';
}
