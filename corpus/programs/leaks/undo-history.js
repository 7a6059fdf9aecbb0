'use strict';

/** A drawing whose every stroke can be undone for ever; people draw more by day than by night. */

const { pace } = require('../../support/pace');

const STROKES_PER_SECOND = 150;
const DAYS = 3;

class Drawing {
  constructor() {
    this.strokes = new Map();
    this.lastChange = undefined;
  }

  draw(id, points) {
    const before = this.strokes.get(id);
    this.strokes.set(id, points);
    this.lastChange = { id, before, previous: this.lastChange };
  }
}

const drawing = new Drawing();

pace(
  (share) => STROKES_PER_SECOND * (1 - 0.7 * Math.cos(2 * Math.PI * DAYS * share)),
  (n) => {
    const points = Array.from({ length: 20 }, (_, i) => ({ x: n + i, y: (n * i) % 400 }));
    drawing.draw(n % 50, points);
  },
).then(() => process.exit(0));
