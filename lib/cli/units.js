'use strict';

/** Numbers as people read them, in the forms of the reports: `12,345`, `123 MiB`, `3m 12s`. */

const SPARKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** By hand: `toLocaleString` loads a fifth of what a start takes. @param {number} value */
const count = (value) => String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');

/**
 * @param {number} value
 * @returns {string} with one place below a hundred: `0.3`, `42.0`, `12,345`
 */
const decimal = (value) => (Math.abs(value) < 99.95 ? value.toFixed(1) : count(value));

/**
 * @param {number} value
 * @returns {string} in the largest unit that leaves at least one
 */
function bytes(value) {
  if (Math.abs(value) < 1024) return `${Math.round(value)} B`;
  let scaled = value / 1024;
  let unit = 0;
  while (Math.abs(scaled) >= 1024 && unit + 1 < BYTE_UNITS.length) {
    scaled /= 1024;
    unit += 1;
  }
  return `${decimal(scaled)} ${BYTE_UNITS[unit]}`;
}

/**
 * @param {number} ms
 * @returns {string} its two largest units: `0.4s`, `3m 12s`, `11d 4h`
 */
function duration(ms) {
  if (ms < 9950) return `${(Math.max(ms, 0) / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${rest}s` : `${rest}s`;
}

/**
 * @param {number[]} values
 * @param {number} width  columns at the most
 * @returns {string} eight heights from the lowest to the highest; a flat line stays low
 */
function sparkline(values, width) {
  const chunk = Math.max(1, Math.ceil(values.length / width));
  const peaks = [];
  for (let at = 0; at < values.length; at += chunk) {
    peaks.push(Math.max(...values.slice(at, at + chunk)));
  }
  const low = Math.min(...peaks);
  const span = Math.max(...peaks) - low;
  const height = (/** @type {number} */ value) =>
    span === 0 ? 0 : Math.floor(((value - low) / span) * (SPARKS.length - 1));
  return peaks.map((value) => SPARKS[height(value)]).join('');
}

/** What most names are; V8 needs long for the classes of Unicode. */
const PLAIN = /^[ -~]*$/;

/**
 * Names come out of another process: what would steer a terminal is shown as a dot.
 * @param {string} text
 * @returns {string} one line
 */
const printable = (text) => (PLAIN.test(text) ? text : text.replace(/\p{C}|\p{Zl}|\p{Zp}/gu, '·'));

exports.bytes = bytes;
exports.count = count;
exports.decimal = decimal;
exports.duration = duration;
exports.printable = printable;
exports.sparkline = sparkline;
