'use strict';

/**
 * How far apart the samples of the heap lie. Close ones find small leaks, but each costs 5-9 us with
 * twenty frames of stack when it is taken, 35 us between the requests of a service, and some 15 us at
 * every round that it lives to see.
 *
 * V8's profiler has one distance from its start to its end, and a new one forgets what was known: what
 * lived before has no samples, and whatever replaces it looks like growth. So samples begin close, and
 * draw apart only where that is dear. A service that allocates much is noticed by that in its first five
 * seconds, when little is lost: until the third round it would take a fifth longer for its work. Where
 * that was but the start-up, which allocates more than what follows, they draw together again.
 */

/** Taken between two rounds: 40 to 140 ms of work, 0.25 % of a CPU at most … */
const SAMPLES_OF_A_ROUND = 4096;
/** … but where rounds are closer than they are by default, somebody tests, and wants to know. */
const SAMPLES_OF_A_SHORT_ROUND = 8192;
const SHORT_ROUND_MS = 60_000;
/** Read at every round: 60 ms. */
const LIVE_SAMPLES = 4096;
const START_UP_ROUNDS = 2;
/** Times as many of either as there should be, in the first rounds after the start-up … */
const TOO_MANY = 2;
const SETTLING_ROUNDS = 2;
/** … and ever after, when a new start loses more than it saves. */
const FAR_TOO_MANY = 8;
/** Of what there should be, in the first rounds: samples that were drawn apart for nothing. */
const TOO_FEW = 1 / TOO_MANY;
/** No farther apart than this. */
const FARTHEST_BYTES = 2 ** 22;

class SampleDistance {
  /**
   * @param {number} bytes    mean distance of two samples to begin with
   * @param {number} roundMs  from one round to the next
   */
  constructor(bytes, roundMs) {
    this.bytes = bytes;
    /** That should be taken between two rounds. */
    this.samples = roundMs < SHORT_ROUND_MS ? SAMPLES_OF_A_SHORT_ROUND : SAMPLES_OF_A_ROUND;
    /** No closer than this. */
    this.closestBytes = bytes;
    this.rounds = 0;
    /** Samples of a round at the rate of allocation that was measured last. */
    this.foreseen = 0;
    /** Whether it was foreseen, and the next round is to begin anew. */
    this.isNew = false;
  }

  /** Whether it will be another one only if it is far too short. */
  get isSettled() {
    return this.rounds >= START_UP_ROUNDS + SETTLING_ROUNDS;
  }

  /**
   * Twice in a row, as a moment says little.
   * @param {number} bytes  that the process would allocate in a round, by its present rate
   * @returns {boolean} whether the distance is another one from the next round on
   */
  foresee(bytes) {
    const samples = bytes / this.bytes;
    const times = Math.min(samples, this.foreseen) / this.samples;
    this.foreseen = samples;
    if (!this.#drawApart(times, TOO_MANY)) return false;
    this.isNew = true;
    return true;
  }

  /**
   * @param {object} round
   * @param {number} round.samples  taken since the last one
   * @param {number} round.live     of all that were ever taken
   * @returns {boolean} whether the distance is another one from now on
   */
  observe({ samples, live }) {
    if (this.isNew) {
      this.isNew = false;
      return true;
    }
    this.rounds += 1;
    const isStartUp = this.rounds <= START_UP_ROUNDS;
    const isSettled = this.rounds > START_UP_ROUNDS + SETTLING_ROUNDS;
    const taken = samples / this.samples;
    const lives = live / LIVE_SAMPLES;
    if (!isSettled && this.#drawTogether(Math.max(taken, lives))) return true;
    // A start-up allocates more than what follows, so that much says nothing then.
    return this.#drawApart(
      isStartUp ? lives : Math.max(taken, lives),
      isSettled ? FAR_TOO_MANY : TOO_MANY,
    );
  }

  /** @param {number} times  as many as there should be */
  #drawTogether(times) {
    if (times > TOO_FEW || this.bytes <= this.closestBytes) return false;
    this.bytes = Math.max(this.bytes * times, this.closestBytes);
    return true;
  }

  /**
   * @param {number} times  as many as there should be
   * @param {number} most   that are borne
   */
  #drawApart(times, most) {
    if (times < most || this.bytes >= FARTHEST_BYTES) return false;
    this.bytes = Math.min(this.bytes * times, FARTHEST_BYTES);
    this.foreseen = 0;
    return true;
  }
}

exports.SampleDistance = SampleDistance;
