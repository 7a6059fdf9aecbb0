'use strict';

/**
 * What leakguard may cost: a token bucket of its own CPU time. Time passing fills it by a share of
 * itself, ticks, looks and rounds of the heap's sampler empty it. It decides nothing: whoever asks
 * puts off a round or lowers the level.
 */

/** Share of one CPU that watching may take: DESIGN allows the levels 1 % and 2 %. */
const SHARE = 0.02;
/** However short the intervals: half of the time stays the host's. */
const MAX_SHARE = 0.5;
/** Savings for a burst: a full collection of a large heap takes seconds, once. */
const CAPACITY_SECONDS = 60;
/** The intervals that the share is meant for; who compresses time pays as many times as much. */
const USUAL_TICK_MS = 1000;
const USUAL_ROUND_MS = 60_000;

/** Ticks between two looks at what is dear to ask: a trend over a patience does not need every one … */
const REST_TICKS = 3;
/** … and one more for each time that a look takes so long. */
const LOOK_MS = 0.5;

/** The ticks between two looks. */
class Rest {
  #left = 0;

  /** @returns {boolean} whether it is time for the next look; asked once per tick */
  isOver() {
    if (this.#left === 0) return true;
    this.#left -= 1;
    return false;
  }

  /** @param {number} ms  that the look has taken */
  begin(ms) {
    this.#left = REST_TICKS + Math.floor(ms / LOOK_MS);
  }
}

class Budget {
  /**
   * @param {{ tickMs: number, roundMs: number | null }} intervals  null: no rounds
   * @param {number} now  ms, monotonic
   */
  constructor({ tickMs, roundMs }, now) {
    const compression = Math.max(
      1,
      USUAL_TICK_MS / tickMs,
      roundMs === null ? 1 : USUAL_ROUND_MS / roundMs,
    );
    this.share = Math.min(MAX_SHARE, SHARE * compression);
    this.capacityMs = this.share * CAPACITY_SECONDS * 1000;
    this.leftMs = this.capacityMs;
    this.filledAt = now;
  }

  /** @param {number} now  a clock that was set back fills nothing */
  fill(now) {
    const passed = Math.max(0, now - this.filledAt);
    this.leftMs = Math.min(this.capacityMs, this.leftMs + passed * this.share);
    this.filledAt = now;
  }

  /** Something less is watched from now on: its cost is not known yet. */
  refill() {
    this.leftMs = this.capacityMs;
  }

  /** @param {number} ms */
  spend(ms) {
    this.leftMs -= ms;
  }

  /**
   * @param {number} ms
   * @returns {boolean} whether so much is left
   */
  affords(ms) {
    return this.leftMs >= ms;
  }
}

exports.Budget = Budget;
exports.Rest = Rest;
