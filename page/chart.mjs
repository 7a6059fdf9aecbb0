/**
 * Growth as a line, drawn by uPlot. A chart is an image with a sentence for its name; its numbers stand in
 * a table beside it. Colours are read from the style sheet at each drawing, so a change of theme and the
 * printer need a redrawing only.
 */

import uPlot from 'uplot';
import { contentOf, element, setContent } from './dom.mjs';
import { bytes, count, duration } from './numbers.mjs';
import { chartSentence } from './words.mjs';

/**
 * @typedef {object} Chart
 * @property {[number, number][]} points  epoch ms and value
 * @property {'bytes' | 'count'} unit
 */

const HEIGHT = 168;
/** Where the page has no width yet. */
const USUAL_WIDTH = 560;
const AXIS_FONT = '12px system-ui, sans-serif';
/** Width of a letter of an axis, and what stands between it and the chart. */
const LETTER_WIDTH = 6.6;
const AXIS_GAP = 16;
/** Distances of two marks, in seconds, that people count in. */
const SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 2_592_000,
];
const WHOLES = Array.from({ length: 15 }, (_, power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();
const POWERS_OF_TWO = Array.from({ length: 51 }, (_, power) => 2 ** power);

/** @type {Map<Element, { plot: uPlot, chart: Chart }>} */
const drawn = new Map();

/** @param {number} value @param {Chart} chart */
const shown = (value, { unit }) => (unit === 'bytes' ? bytes(value) : count(value));

/** Without what is zero anyway: `2m`, not `2m 0s`. @param {string} text */
const brief = (text) => text.replace(/\.0(?= |s|$)/, '').replace(/ 0[smh]$/, '');

/** @param {string} name  of a variable of the style sheet */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * The place for a chart and the table of its numbers; `drawCharts()` fills it.
 * @param {Chart} chart  of two points at least
 * @param {string} name
 */
export function chartView(chart, name) {
  const { points } = chart;
  const say = (/** @type {number} */ value) => shown(value, chart);
  const host = element('div', {
    class: 'chart',
    'data-chart': true,
    role: 'img',
    'aria-label': `${name}. ${chartSentence(points, say)}`,
  });
  setContent(host, chart);
  const rows = points.map(([at, value]) =>
    element(
      'tr',
      {},
      element('td', {}, duration(at - points[0][0])),
      element('td', {}, say(value)),
    ),
  );
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, 'After'),
    element('th', { scope: 'col' }, chart.unit === 'bytes' ? 'Memory' : 'Count'),
  );
  const table = element(
    'table',
    { class: 'numbers' },
    element('caption', { class: 'unseen' }, name),
    element('thead', {}, head),
    element('tbody', {}, rows),
  );
  const details = element(
    'details',
    { class: 'screen-only', 'data-key': 'numbers' },
    element('summary', {}, 'The numbers'),
    table,
  );
  return element('div', { class: 'growth' }, host, details);
}

/** @param {Chart} chart @returns {uPlot.AlignedData} seconds since the first point, and values */
function dataOf({ points }) {
  const start = points[0][0];
  return [points.map(([at]) => (at - start) / 1000), points.map(([, value]) => value)];
}

/** From zero, unless that would flatten what is to be seen. @type {uPlot.Range.Function} */
function range(_plot, low, high) {
  if (high === low) return [0, Math.max(1, high * 1.25)];
  const room = (high - low) * 0.1;
  return [low > high / 2 ? Math.max(0, low - room) : 0, high + room];
}

/**
 * @param {Element} host
 * @param {Chart} chart
 */
function drawChart(host, chart) {
  const readout = element('p', { class: 'readout' });
  /** @type {() => Chart} */
  const current = () => drawn.get(host)?.chart ?? chart;
  /** @param {uPlot} plot */
  const read = (plot) => {
    const { points } = current();
    const index = plot.cursor.idx ?? points.length - 1;
    const [at, value] = points[Math.min(index, points.length - 1)];
    readout.textContent = `${shown(value, chart)} after ${duration(at - points[0][0])}`;
  };
  const axis = {
    stroke: () => colour('--muted'),
    font: AXIS_FONT,
    ticks: { show: false },
    grid: { stroke: () => colour('--grid'), width: 1 },
    border: { show: false },
  };
  const plot = new uPlot(
    {
      width: host.clientWidth || USUAL_WIDTH,
      height: HEIGHT,
      padding: [12, 10, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: { x: { time: false }, y: { range } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 28,
          space: 70,
          incrs: SECONDS,
          values: (_plot, splits) => splits.map((split) => brief(duration(split * 1000))),
        },
        {
          ...axis,
          space: 34,
          incrs: chart.unit === 'bytes' ? POWERS_OF_TWO : WHOLES,
          values: (_plot, splits) => splits.map((split) => brief(shown(split, chart))),
          size: (_plot, values) =>
            AXIS_GAP + LETTER_WIDTH * Math.max(3, ...(values ?? []).map(({ length }) => length)),
        },
      ],
      series: [
        {},
        {
          stroke: () => colour('--line'),
          fill: () => colour('--area'),
          width: 2,
          points: { show: chart.points.length < 12 },
        },
      ],
      hooks: { setCursor: [read] },
    },
    dataOf(chart),
    /** @type {HTMLElement} */ (host),
  );
  drawn.set(host, { plot, chart });
  read(plot);
  host.append(readout);
  resizes.observe(host);
}

const resizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const width = target.clientWidth;
    const plot = drawn.get(target)?.plot;
    if (width > 0 && plot !== undefined && plot.width !== width) {
      plot.setSize({ width, height: HEIGHT });
    }
  }
});

/** Draws what is new on the page, and what has changed. */
export function drawCharts() {
  for (const [host, { plot }] of drawn) {
    if (host.isConnected) continue;
    resizes.unobserve(host);
    plot.destroy();
    drawn.delete(host);
  }
  for (const host of document.querySelectorAll('[data-chart]')) {
    const chart = /** @type {Chart} */ (contentOf(host));
    const known = drawn.get(host);
    if (known === undefined) drawChart(host, chart);
    else if (JSON.stringify(known.chart.points) !== JSON.stringify(chart.points)) {
      known.chart = chart;
      known.plot.setData(dataOf(chart));
    }
  }
}

/** Draws all of them in the colours of now. */
export function redrawCharts() {
  for (const { plot } of drawn.values()) plot.redraw(false);
}
