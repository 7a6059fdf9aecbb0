'use strict';

/** Whether a process under leakguard grew more than its bare twin. Knows numbers only. */

const { quantile } = require('../quantile');

/** A page or two of V8's, whatever the volume. */
const ALLOWANCE_BYTES = 1_048_576;
/** What a resident set moves by with nothing kept: V8 and the allocator give pages back when they like. */
const RSS_ALLOWANCE_BYTES = 8 * ALLOWANCE_BYTES;

/**
 * @typedef {object} Sample
 * @property {number} operations  so far
 * @property {number} rss
 * @property {number} heap        used, with what is external, after collections
 * @property {{ bytes: number }} [ledger]
 */

/**
 * From the second quarter of a run to the last: the first is the start-up.
 * @param {Sample[]} samples
 * @param {'rss' | 'heap'} what
 */
function growth(samples, what) {
  const quarter = Math.floor(samples.length / 4);
  const level = (/** @type {Sample[]} */ part) =>
    quantile(
      part.map((sample) => sample[what]),
      0.5,
    );
  return level(samples.slice(-quarter)) - level(samples.slice(quarter, 2 * quarter));
}

/**
 * @param {Sample[]} watched  eight at least
 * @param {Sample[]} bare
 * @returns {{ heap: number, rss: number, faults: string[] }} growth beyond the bare twin's, in bytes, and what is
 *   not as it must be
 */
function compare(watched, bare) {
  const beyond = (/** @type {'rss' | 'heap'} */ what) =>
    growth(watched, what) - Math.max(0, growth(bare, what));
  const [heap, rss] = [beyond('heap'), beyond('rss')];
  const faults = [];
  if (heap >= ALLOWANCE_BYTES) faults.push(`the heap grew by ${heap} bytes more than bare`);
  if (rss >= RSS_ALLOWANCE_BYTES)
    faults.push(`the resident set grew by ${rss} bytes more than bare`);
  const sizes = new Set(watched.map(({ ledger }) => ledger?.bytes));
  if (sizes.size !== 1) faults.push(`the ledger changed its size: ${[...sizes].join(', ')} bytes`);
  return { heap, rss, faults };
}

exports.ALLOWANCE_BYTES = ALLOWANCE_BYTES;
exports.RSS_ALLOWANCE_BYTES = RSS_ALLOWANCE_BYTES;
exports.compare = compare;
