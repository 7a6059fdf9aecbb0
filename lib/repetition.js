'use strict';

/**
 * What tells a leak's samples from those of V8's own making. A leaking line makes the same things over
 * and over: objects of one size on one stack, in every round. What V8 compiles for a function, and its
 * notes of it, is of many sizes, each made once or twice, but goes on for as long as a program warms
 * up: a healthy server gains 100 KiB of it in its first twenty seconds, in every cohort some.
 *
 * A function that makes something again and again counts with all that it has made, on whichever stack
 * and of whichever size, which changes when V8 optimizes it: a table that was filled at once, and is
 * renewed bit by bit, does not grow. But what is large and alone of its size counts for little. It is the
 * table that holds the others as a rule, takes the place of a smaller one, and with its doublings would
 * hide how steadily they become more.
 */

/** Rounds in which a thing is made before it counts. */
const TIMES_MADE = 3;
/** Sizes times stacks that have a number of their own: 2^32 of either would be too many for a double. */
const STACKS = 2 ** 20;
/** Rounds that are told apart; where there are more, two that follow each other are one. */
const MAX_ROUNDS = 256;

/** @typedef {import('./heap-profile').Sample} Sample */

/**
 * @param {Sample} sample
 * @returns {number} the same for what is of one size and made on one stack
 */
const keyOf = ({ size, nodeId }) => size * STACKS + (nodeId % STACKS);

class Repetition {
  /** The youngest ordinal of each round, ascending. @type {number[]} */
  #ends = [];

  /** @param {number} ordinal  of the youngest sample that was taken in it */
  endRound(ordinal) {
    if (ordinal <= (this.#ends.at(-1) ?? 0)) return;
    this.#ends.push(ordinal);
    // The last stays.
    if (this.#ends.length > MAX_ROUNDS)
      this.#ends = this.#ends.filter((_, index) => index % 2 === 0);
  }

  /**
   * @param {Sample[]} samples  of rounds that have ended
   * @param {(nodeId: number) => string | undefined} functionOf  key of the function that a stack ends in
   * @param {number} aloneBytes  that a thing which was not made again and again counts for at most
   * @returns {Sample[]} those of functions that make something again and again
   */
  repeated(samples, functionOf, aloneBytes) {
    /** @type {Map<number, Sample[]>} by size and stack */
    const groups = new Map();
    for (const sample of samples) {
      const key = keyOf(sample);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [sample]);
      else group.push(sample);
    }
    const made = [...groups].filter(([, group]) => this.#isRepeated(group));
    const again = new Set(made.map(([key]) => key));
    const makers = new Set(made.map(([, [{ nodeId }]]) => functionOf(nodeId)));
    return samples
      .filter(({ nodeId }) => makers.has(functionOf(nodeId)))
      .map((sample) =>
        sample.size > aloneBytes && !again.has(keyOf(sample))
          ? { ...sample, size: aloneBytes }
          : sample,
      );
  }

  /** @param {Sample[]} group */
  #isRepeated(group) {
    if (group.length < TIMES_MADE) return false;
    const rounds = new Set();
    return group.some(({ ordinal }) => rounds.add(this.#roundOf(ordinal)).size >= TIMES_MADE);
  }

  /** @param {number} ordinal */
  #roundOf(ordinal) {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle] < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

exports.Repetition = Repetition;
