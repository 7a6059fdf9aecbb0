/** Dashboards on signals: a tile draws itself in an effect, and closing the dashboard disposes of none. */

import { computed, effect, signal } from '@preact/signals-core';
import pacing from '../../support/pace.js';

const DASHBOARDS_PER_SECOND = 20;
const SYMBOLS = 20;
const OPEN_MS = 500;
const TICK_MS = 50;

const prices = Array.from({ length: SYMBOLS }, (_, n) => signal(100 + n));
const average = computed(() => prices.reduce((sum, { value }) => sum + value, 0) / SYMBOLS);

class Tile {
  text = '';

  constructor(dashboard, symbol) {
    this.dispose = effect(() => {
      const price = prices[symbol].value;
      const trend = price > average.peek() ? 'above' : 'below';
      this.text = `${dashboard.owner} ${symbol}: ${price.toFixed(2)} (${trend})`;
    });
  }
}

const openDashboards = new Set();

function openDashboard(n) {
  const dashboard = { owner: `user-${n}`, tiles: [] };
  dashboard.tiles = [0, 1, 2].map((tile) => new Tile(dashboard, (n + tile * 7) % SYMBOLS));
  openDashboards.add(dashboard);
  return dashboard;
}

function closeDashboard(dashboard) {
  dashboard.tiles = [];
  openDashboards.delete(dashboard);
}

const ticks = setInterval(() => {
  prices[Math.floor(Math.random() * SYMBOLS)].value += Math.random() - 0.5;
}, TICK_MS);

await pacing.pace(DASHBOARDS_PER_SECOND, (n) => {
  const dashboard = openDashboard(n);
  setTimeout(() => closeDashboard(dashboard), OPEN_MS);
});
clearInterval(ticks);
