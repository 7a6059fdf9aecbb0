/**
 * The panels of an editor follow a theme bus, which is an EventTarget. A panel that is closed takes
 * `this.repaint.bind(this)` off the bus: another function than the one it put there.
 */

import { setMaxListeners } from 'node:events';
import { LRUCache } from 'lru-cache';
import pacing from '../../support/pace.js';

const PANELS_PER_SECOND = 40;
const OPEN_PANELS = 15;
const THEMES = ['light', 'dark', 'sepia', 'contrast'];

class ThemeBus extends EventTarget {
  constructor() {
    super();
    this.theme = THEMES[0];
  }

  switchTo(theme) {
    this.theme = theme;
    this.dispatchEvent(new Event('theme'));
  }
}

class Panel {
  constructor(bus, path) {
    this.bus = bus;
    this.path = path;
    this.rows = Array.from({ length: 20 }, (_, row) => ({ row, text: `${path}:${row}` }));
    this.colours = null;
  }

  open() {
    this.bus.addEventListener('theme', this.repaint.bind(this));
    this.repaint();
    return this;
  }

  repaint() {
    this.colours = palette(this.bus.theme);
  }

  close() {
    this.bus.removeEventListener('theme', this.repaint.bind(this));
    this.colours = null;
  }
}

const palettes = new LRUCache({ max: THEMES.length });

function palette(theme) {
  let found = palettes.get(theme);
  if (found === undefined) {
    found = { theme, ink: `${theme}-ink`, paper: `${theme}-paper` };
    palettes.set(theme, found);
  }
  return found;
}

const bus = new ThemeBus();
setMaxListeners(0, bus);
const panels = [];

await pacing.pace(PANELS_PER_SECOND, (n) => {
  panels.push(new Panel(bus, `src/module-${n % 300}.ts`).open());
  if (panels.length > OPEN_PANELS) panels.shift().close();
  if (n % 40 === 39) bus.switchTo(THEMES[((n / 40) % THEMES.length) | 0]);
});
