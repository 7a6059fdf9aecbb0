'use strict';

/**
 * What tells a leak's samples from those of V8's own making. A leaking line makes the same things over
 * and over: objects of one size on one stack, in every round. What V8 compiles for a function, and its
 * notes of it, is of many sizes, each made once or twice, but goes on for as long as a program warms
 * up: a healthy server gains 100 KiB of it in its first twenty seconds, in every cohort some.
 */

/** Rounds in which a thing is made before it counts. */
const TIMES_MADE = 3;
/** Sizes times stacks that have a number of their own: 2^32 of either would be too many for a double. */
const STACKS = 2 ** 20;

/** @typedef {import('./heap-profile').Sample} Sample */

/**
 * @param {Sample[]} samples
 * @param {number} gap  ordinals between two rounds
 * @returns {Sample[]} those of what is made again and again
 */
function repeated(samples, gap) {
  /** @type {Map<number, Sample[]>} by size and stack */
  const groups = new Map();
  for (const sample of samples) {
    const key = sample.size * STACKS + (sample.nodeId % STACKS);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sample]);
    else group.push(sample);
  }
  return [...groups.values()].flatMap((group) => (isRepeated(group, gap) ? group : []));
}

/**
 * @param {Sample[]} group
 * @param {number} gap
 */
function isRepeated(group, gap) {
  if (group.length < TIMES_MADE) return false;
  let [times, next] = [0, 0];
  for (const ordinal of group.map((sample) => sample.ordinal).sort((a, b) => a - b)) {
    if (ordinal < next) continue;
    times += 1;
    next = ordinal + gap;
  }
  return times >= TIMES_MADE;
}

exports.repeated = repeated;
