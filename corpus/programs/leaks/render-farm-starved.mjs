/**
 * A render farm takes the most urgent frame from a priority queue. Urgent frames alone keep the farm
 * busy, so the drafts, which everybody may send in, are never reached.
 */

import TinyQueue from 'tinyqueue';
import pacing from '../../support/pace.js';

const FRAMES_PER_SECOND = 90;
const SLOTS = 4;
const FRAME_MS = 60;

class Farm {
  #waiting = new TinyQueue([], (a, b) => a.urgency - b.urgency || a.number - b.number);
  #busy = 0;
  rendered = 0;

  submit(frame) {
    this.#waiting.push(frame);
    this.#fill();
  }

  #fill() {
    while (this.#busy < SLOTS && this.#waiting.length > 0) {
      const frame = this.#waiting.pop();
      this.#busy += 1;
      setTimeout(() => {
        this.#busy -= 1;
        this.rendered += frame.tiles.length;
        this.#fill();
      }, FRAME_MS);
    }
  }
}

/** Two in three frames are of a shot that is due: 60 a second, and the farm does 66. */
function frame(number) {
  const draft = number % 3 === 0;
  return {
    number,
    urgency: draft ? 9 : 1 + (number % 3),
    scene: `scene-${number % 17}`,
    tiles: Array.from({ length: 8 }, (_, tile) => ({ tile, samples: draft ? 16 : 256 })),
  };
}

const farm = new Farm();
await pacing.pace(FRAMES_PER_SECOND, (n) => farm.submit(frame(n)));
process.exit(0);
