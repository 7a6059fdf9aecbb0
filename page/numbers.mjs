/**
 * Numbers as people read them, in the words of the core's own `phrase.rs`: `12,345`, `123 MiB`, `3m 12s`.
 */

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** @param {number} value  to the nearest whole number */
export function count(value) {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** One place below a thousand, none above. @param {number} value */
export function decimal(value) {
  return Math.abs(value) < 999.95 ? value.toFixed(1) : count(value);
}

/** @param {number} value */
export function bytes(value) {
  if (value < 1024) return `${value.toFixed(0)} B`;
  let scaled = value / 1024;
  let unit = 0;
  while (scaled >= 1024 && unit + 1 < UNITS.length) {
    scaled /= 1024;
    unit += 1;
  }
  return `${scaled < 99.95 ? scaled.toFixed(1) : count(scaled)} ${UNITS[unit]}`;
}

/** In its two largest units. @param {number} ms */
export function duration(ms) {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

/** @param {number} share  0 to 1 */
export function percent(share) {
  // Adding 0 takes the sign from -0.
  return `${Math.round(share * 100) + 0} %`;
}

/** @param {number} ms  since the epoch */
export function moment(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return 'unknown';
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
