'use strict';

/**
 * Work at a rate that does not depend on the machine, for as long as the program is to run. Knows
 * nothing of the work.
 */

/** How long a program works: the longest warm-up of a healthy one, and 60 ticks of 100 ms twice over. */
const SECONDS = Number(process.env.CORPUS_SECONDS ?? 20);
/** Short, so that work comes piece by piece and not in bursts. */
const BEAT_MS = 10;
/** A machine that stood still for longer does not get all the missed work at once. */
const MAX_BEAT_MS = 100;

/**
 * Calls `operate` until the time is over.
 * @param {number | ((share: number) => number)} perSecond  a rate, or one that depends on the share
 *   of the time that is over, 0 to 1
 * @param {(n: number) => void} operate  gets a running number from 0
 * @returns {Promise<number>} how often it was called
 */
function pace(perSecond, operate) {
  const rateAt = typeof perSecond === 'function' ? perSecond : () => perSecond;
  const startMs = performance.now();
  let lastMs = startMs;
  let due = 0;
  let count = 0;
  return new Promise((resolve, reject) => {
    const beat = setInterval(() => {
      const now = performance.now();
      const share = (now - startMs) / (SECONDS * 1000);
      due += (rateAt(share) * Math.min(now - lastMs, MAX_BEAT_MS)) / 1000;
      lastMs = now;
      try {
        for (; due >= 1; due -= 1) {
          operate(count);
          count += 1;
        }
      } catch (error) {
        clearInterval(beat);
        reject(error);
        return;
      }
      if (share < 1) return;
      clearInterval(beat);
      resolve(count);
    }, BEAT_MS);
  });
}

exports.SECONDS = SECONDS;
exports.pace = pace;
