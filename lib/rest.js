'use strict';

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

exports.Rest = Rest;
