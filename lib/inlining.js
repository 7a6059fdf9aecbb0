'use strict';

/**
 * Notices that V8 has inlined a function. From then on what it allocates is counted to its caller, so
 * in the profile one site falls silent and another one begins: neither has a history that says
 * anything. Here the caller's samples go on under the function that was there before, whose line is
 * the right one to name besides.
 *
 * The signs: the function allocated in several rounds and then in none, and a caller of it began to
 * allocate within a round or two of that. Where a caller begins for a reason of its own, its samples
 * are named by a function below it, and a sixteenth of them is judged at the least.
 *
 * What optimized code allocates in one go counts as one object, as large as all of it, and lives as
 * long as the first of it: the same survivors may seem to become ten times as many bytes. So the
 * caller's samples count for so much that each round goes on to leave what a round left before.
 */

/** @typedef {import('./heap-profile').Origin} Origin */
/**
 * Of the present streak: births without more than a pause between them.
 * @typedef {object} Births
 * @property {Origin} origin
 * @property {number} first   round in which a sample was born, or many more than before
 * @property {number} last
 * @property {number} rounds  in which there were any
 * @property {number} fresh   bytes that were born in these rounds and lived at their end
 * @property {number} bytes   that live now
 */
/**
 * @typedef {object} Inlined
 * @property {Origin} origin  whose samples those of a caller are
 * @property {number} share   of them that counts, 1/16 to 1
 * @property {number} began   round in which the caller did; it may begin again, for another function
 */
/** @typedef {{ origin: Origin, bytes: number, freshBytes: number }} Seen  of one site, in one round */

/** Rounds in which a function must have allocated before its silence means anything. */
const MIN_ROUNDS = 3;
/** Rounds of silence: one may be chance. */
const SILENCE = 2;
/** Rounds by which the beginning of a caller and the end of a function may lie apart. */
const TRANSITION = 2;
/** Rounds after its beginning in which a caller is asked for whom it took over. */
const YOUTH = TRANSITION + 2 * SILENCE;
/** Times as much as before, on average: a caller begins. */
const SURGE = 4;
/** Times as many bytes that the same survivors may seem to become; who leaves more does so by itself. */
const MAX_GAIN = 16;

class Inlining {
  constructor() {
    /** @type {Map<string, Births>} by key of their origin */
    this.births = new Map();
    /** By key of the caller. @type {Map<string, Inlined>} */
    this.inlined = new Map();
    this.round = 0;
  }

  /** @param {Map<string, Seen>} sightings  of this round, by key */
  observe(sightings) {
    this.round += 1;
    for (const key of this.births.keys()) if (!sightings.has(key)) this.births.delete(key);
    for (const key of this.inlined.keys()) if (!sightings.has(key)) this.inlined.delete(key);
    for (const [key, { origin, bytes, freshBytes }] of sightings) {
      const known = this.births.get(key);
      if (known !== undefined) known.bytes = bytes;
      if (freshBytes === 0) continue;
      // A stray sample before is no beginning, and neither is the little that a caller makes itself.
      if (
        known === undefined ||
        this.round - known.last > SILENCE ||
        freshBytes > (SURGE * known.fresh) / known.rounds
      ) {
        const { round } = this;
        const births = { first: round, last: round, rounds: 1, fresh: freshBytes };
        this.births.set(key, { origin, bytes, ...births });
      } else {
        known.last = this.round;
        known.rounds += 1;
        known.fresh += freshBytes;
      }
    }
    for (const [key, caller] of this.births) {
      const isNew = this.inlined.get(key)?.began !== caller.first;
      if (!isNew || this.round - caller.first > YOUTH) continue;
      const callee = this.#inlinedInto(key, caller);
      if (callee === undefined) continue;
      const gain = caller.fresh / caller.rounds / (callee.fresh / callee.rounds);
      const share = 1 / Math.min(MAX_GAIN, Math.max(1, gain));
      this.inlined.set(key, { origin: callee.origin, share, began: caller.first });
    }
  }

  /**
   * @param {Origin} origin
   * @returns {{ origin: Origin, share: number }} whose samples its are
   */
  resolve(origin) {
    let resolved = { origin, share: 1 };
    // A function that was inlined may have had one inlined into itself.
    for (let depth = 0; depth < TRANSITION; depth += 1) {
      const inlined = this.inlined.get(resolved.origin.key);
      if (inlined === undefined) break;
      resolved = { origin: inlined.origin, share: resolved.share * inlined.share };
    }
    return resolved;
  }

  /**
   * @param {string} key
   * @param {Births} caller
   * @returns {Births | undefined}
   */
  #inlinedInto(key, caller) {
    /** @type {Births | undefined} */
    let found;
    for (const callee of this.births.values()) {
      const fellSilent =
        callee.rounds >= MIN_ROUNDS &&
        this.round - callee.last >= SILENCE &&
        Math.abs(caller.first - callee.last) <= TRANSITION;
      if (!fellSilent || !isCalledBy(callee.origin, key)) continue;
      // Of several at once the one that keeps most: it is what a leak would go on with.
      if (found === undefined || callee.bytes > found.bytes) found = callee;
    }
    return found;
  }
}

/**
 * @param {Origin} origin
 * @param {string} key
 * @returns {boolean} whether that site is on its stack
 */
function isCalledBy({ caller }, key) {
  for (let above = caller; above !== undefined; above = above.caller) {
    if (above.key === key) return true;
  }
  return false;
}

exports.Inlining = Inlining;
exports.isCalledBy = isCalledBy;
