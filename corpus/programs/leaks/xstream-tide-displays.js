'use strict';

/** Tide gauges on xstream: each display adds its listener to the shared stream and takes none away. */

const { default: xs } = require('xstream');
const { pace } = require('../../support/pace');

const DISPLAYS_PER_SECOND = 40;
const STAY_MS = 800;
const GAUGE_MS = 200;

const levels = xs
  .periodic(GAUGE_MS)
  .map((n) => ({ n, centimetres: Math.round(180 + 90 * Math.sin(n / 20)) }))
  .remember();

class Display {
  #shown = [];
  #open = true;

  constructor(id, harbour) {
    this.id = id;
    this.harbour = harbour;
    levels.addListener({
      next: (level) => this.show(level),
      error: () => this.close(),
    });
  }

  show({ centimetres }) {
    if (!this.#open) return;
    this.#shown.push(`${this.harbour}: ${centimetres} cm`);
    if (this.#shown.length > 6) this.#shown.shift();
  }

  close() {
    this.#open = false;
  }
}

async function main() {
  const displays = new Map();
  await pace(DISPLAYS_PER_SECOND, (id) => {
    const display = new Display(id, `harbour ${id % 12}`);
    displays.set(id, display);
    setTimeout(() => {
      display.close();
      displays.delete(id);
    }, STAY_MS);
  });
  process.exit(0);
}

main();
