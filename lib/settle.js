'use strict';

/**
 * Waits until nothing is left, in growing steps and no longer than `GRACE_MS` in all, as goleak does:
 * what is still closing, firing or waiting for the collector is no leak. Whoever has nothing left
 * waits for nothing.
 */

const { GRACE_MS } = require('./order');

/** One more takes what these leave of the grace. */
const STEPS_MS = [1, 2, 4, 8, 16, 32, 64, 128];
/** From this wait on, and before the first look, garbage is collected: each time costs milliseconds. */
const COLLECTS_FROM_MS = 64;

/** @typedef {import('./registrations').Leftover} Leftover */

/**
 * @param {object} parts
 * @param {() => Leftover[]} parts.look   what is left now
 * @param {() => void} parts.collect
 * @param {(ms: number) => Promise<unknown>} parts.pause
 * @returns {Promise<Leftover[]>} what is left in the end
 */
async function settle({ look, collect, pause }) {
  if (look().length === 0) return [];
  let waited = 0;
  for (let step = 0; ; step += 1) {
    const ms = STEPS_MS[step] ?? GRACE_MS - waited;
    await pause(ms);
    waited += ms;
    // In a turn of its own, before anybody is asked: what a WeakRef was asked for stays for that turn.
    if (waited === STEPS_MS[0] || ms >= COLLECTS_FROM_MS) collect();
    const left = look();
    if (!left.some(isOpen) || waited >= GRACE_MS) return left;
  }
}

/**
 * Whether waiting may tell.
 * @param {Leftover} part
 */
const isOpen = ({ doubt }) => doubt === null || doubt === 'fresh';

exports.settle = settle;
