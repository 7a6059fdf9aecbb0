'use strict';

/**
 * How far apart the samples of the heap lie. Close ones find small leaks, but each costs 5-9 us with
 * twenty frames of stack when it is taken, and may leave a node to the profile that is read and parsed
 * at every later round. So a round has so many samples, whatever the host allocates.
 *
 * Every change starts V8's profiler anew, which forgets what was known. So samples come closer only
 * after the start-up, which allocates more than what follows and is of no interest then, and once more
 * a round later, for in the first of these rounds our own reading of all that the start-up has left
 * was the larger part. They draw apart in the rounds after, if too many of them stay, and whenever a
 * round has many times as many as it should.
 */

/** A site that makes one in a hundred still has eighty of them; 65 ms of work. */
const SAMPLES_OF_A_ROUND = 8192;
/** By powers of two, the nearest one, and no farther apart than this. */
const FARTHEST_BYTES = 2 ** 22;
/** The first round has seen the start-up, the second what comes after it. */
const START_UP_ROUNDS = 2;
/** Live samples, at some 15 us a round each, to which growth may lead … */
const LIVE_SAMPLES = 8000;
/** … in so many rounds: what a verdict takes, and some more. */
const ROUNDS_AHEAD = 30;
/** Times as many as a round should have: below that a new start loses more than it saves. */
const DEAR = 8;

class SampleDistance {
  /**
   * @param {object} settings
   * @param {number} settings.bytes    mean distance of two samples to begin with
   * @param {number} settings.closest  bytes; equal to `bytes`: they never come closer
   */
  constructor({ bytes, closest }) {
    this.bytes = bytes;
    this.bytesAtFirst = bytes;
    this.closest = closest;
    this.rounds = 0;
    this.liveBytes = 0;
  }

  /**
   * @param {object} round
   * @param {number} round.samples    taken since the last one
   * @param {number} round.liveBytes  that all samples stand for
   * @returns {boolean} whether the distance is another one from now on
   */
  observe({ samples, liveBytes }) {
    const growth = liveBytes - this.liveBytes;
    this.liveBytes = liveBytes;
    this.rounds += 1;
    const affordable = (this.bytes * samples) / SAMPLES_OF_A_ROUND;
    const settling = this.rounds - START_UP_ROUNDS;
    if (settling === 0) return this.#setTo(affordable);
    // All that lives was allocated since, so what stays is known without the start-up.
    const kept = Math.min((growth * ROUNDS_AHEAD) / LIVE_SAMPLES, this.bytesAtFirst);
    if (settling === 1) {
      // The closer they are, the more our own reading allocates.
      const closer = Math.max(kept, 2 * affordable);
      if (2 * closer <= this.bytes) return this.#setTo(closer);
    }
    if (settling >= 1 && settling <= 2 && kept >= 2 * this.bytes) return this.#setTo(kept);
    return affordable >= DEAR * this.bytes && this.#setTo(affordable);
  }

  /**
   * @param {number} wanted  bytes
   * @returns {boolean}
   */
  #setTo(wanted) {
    const { bytes } = this;
    while (this.bytes >= wanted * Math.SQRT2 && this.bytes / 2 >= this.closest) this.bytes /= 2;
    while (this.bytes * Math.SQRT2 < wanted && this.bytes * 2 <= FARTHEST_BYTES) this.bytes *= 2;
    if (this.bytes === bytes) return false;
    this.liveBytes = 0;
    return true;
  }
}

exports.SampleDistance = SampleDistance;
