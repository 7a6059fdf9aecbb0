'use strict';

/**
 * Time and chance as they were before the host's code ran: fake clocks and seeded generators belong
 * to the host, and a draw of ours from its `Math.random` would shift its sequence.
 */

const { setTimeout } = require('node:timers');

const epochMs = Date.now;

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Not `performance.now`, which loads `node:perf_hooks` and takes as long: a millisecond of a start-up.
const hrtime = process.hrtime.bind(process);

/** @returns {number} ms, monotonic */
function now() {
  const time = hrtime();
  return time[0] * 1000 + time[1] / 1e6;
}

const usage = process.cpuUsage.bind(process);

/**
 * Of the whole process, as V8's helpers may do all of a collection while its thread waits for them.
 * @returns {number} CPU milliseconds so far
 */
function cpuMs() {
  const { user, system } = usage();
  return (user + system) / 1000;
}

let seed = 0x9e3779b9;

/** @returns {number} at least 0, below 1: Marsaglia's xorshift32 */
function random() {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) / 2 ** 32;
}

exports.cpuMs = cpuMs;
/** Milliseconds since the epoch. */
exports.epochMs = epochMs;
exports.now = now;
exports.pause = pause;
exports.random = random;
