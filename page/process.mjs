/** The process: what it uses, what watches it and what that costs. */

import { factsView } from './card.mjs';
import { chartView } from './chart.mjs';
import { element } from './dom.mjs';
import { bytes, count, duration, moment, percent, plural } from './numbers.mjs';

/** @typedef {import('./report.mjs').ShownReport} ShownReport */

const HOOKS = { on: 'on', off: 'off', buried: 'buried under another patch', failed: 'failed' };
/** A chart of a few points is none. */
const FEW_POINTS = 3;

/** @param {number | null} value */
const size = (value) => (value === null ? null : bytes(value));

/** @param {ShownReport} report */
function heapMeter({ meters: { heapUsedBytes: used, heapLimitBytes: limit } }) {
  if (used === null || limit === null || limit === 0) return null;
  const text = `${bytes(used)} of ${bytes(limit)}, ${percent(used / limit)}`;
  const meter = element('meter', {
    min: 0,
    max: limit,
    low: limit * 0.7,
    high: limit * 0.9,
    optimum: 0,
    value: used,
    'aria-label': 'Heap in use, of its limit',
    'aria-valuetext': text,
  });
  return element('p', { class: 'meter' }, meter, ` ${text}`);
}

/** @param {string} id @param {string} title @param {import('./dom.mjs').Children} children */
function section(id, title, ...children) {
  return element(
    'section',
    { class: 'panel', 'aria-labelledby': id, 'data-key': id },
    element('h2', { id }, title),
    ...children,
  );
}

/** @param {Record<string, number>} resources */
function resourcesView(resources) {
  const rows = Object.entries(resources).sort(([, one], [, other]) => other - one);
  if (rows.length === 0) return null;
  return [
    element('h3', {}, 'Open resources'),
    factsView(rows.map(([name, number]) => [name, count(number)])),
  ];
}

/** @param {ShownReport} report */
export function memoryView(report) {
  const { meters } = report;
  const facts = /** @type {[string, string | null][]} */ ([
    ['Heap in use', size(meters.heapUsedBytes)],
    ['After the last full GC', size(meters.heapAfterGcBytes)],
    ['Heap limit', size(meters.heapLimitBytes)],
    ['External', size(meters.externalBytes)],
    ['of it ArrayBuffers', size(meters.arrayBuffersBytes)],
    ['Resident', size(meters.rssBytes)],
  ]);
  const chart =
    meters.history.length < FEW_POINTS
      ? null
      : chartView({ points: meters.history, unit: 'bytes' }, 'Heap in use');
  return section(
    'memory',
    'Memory',
    heapMeter(report),
    element('div', { class: chart === null ? 'look' : 'look two' }, chart, factsView(facts)),
    resourcesView(meters.resources),
  );
}

/** @param {ShownReport} report */
function hooksView({ shims }) {
  const rows = Object.entries(shims);
  if (rows.length === 0) return null;
  return [
    element('h3', {}, 'Hooks'),
    factsView(
      rows.map(([name, state]) => [
        name,
        element('span', { class: `hook ${state}` }, HOOKS[state] ?? state),
      ]),
    ),
  ];
}

/** @param {ShownReport} report */
export function watchView(report) {
  const { explained, ledger, overhead, level, intervalMs, at, startedAt } = report;
  const age = at - startedAt;
  const share = age > 0 ? ` (${((overhead.cpuMs / age) * 100).toFixed(1)} % of the time)` : '';
  return section(
    'watch',
    'How it was watched',
    factsView([
      ['Level', level],
      ['Ticks', `${count(report.ticks)}, one every ${duration(intervalMs)}`],
      ['Growth of the heap explained', explained === null ? 'not measured' : percent(explained)],
      ['Populations followed', `${count(ledger.tracked)} of at most ${count(ledger.capacity)}`],
      ['Evicted, dropped', `${count(ledger.evicted)}, ${count(ledger.dropped)}`],
      ['Size of the ledger', bytes(ledger.bytes)],
      ['CPU time of leakguard', `${duration(overhead.cpuMs)}${share}`],
      ['Last tick', `${overhead.lastTickMs.toFixed(2)} ms`],
      ['Longest tick', `${overhead.maxTickMs.toFixed(2)} ms`],
    ]),
    hooksView(report),
  );
}

/** @param {ShownReport} report */
export function processesView({ processes = [] }) {
  if (processes.length < 2) return null;
  const heads = ['Verdict', 'Process', 'Thread', 'Started', 'Watched for', 'Level'];
  const rows = processes.map((one) =>
    element(
      'tr',
      { 'data-key': `${one.pid}-${one.threadId}-${one.startedAt}` },
      element('td', {}, one.verdict),
      element('td', {}, String(one.pid)),
      element('td', {}, one.threadId === 0 ? 'main' : String(one.threadId)),
      element('td', {}, moment(one.startedAt)),
      element('td', {}, `${plural(one.ticks, 'tick')}, ${duration(one.at - one.startedAt)}`),
      element('td', {}, one.level),
    ),
  );
  return section(
    'processes',
    'Processes and threads',
    element(
      'table',
      { class: 'processes' },
      element('caption', { class: 'unseen' }, 'Whose reports this one is made of, the worst first'),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          heads.map((name) => element('th', { scope: 'col' }, name)),
        ),
      ),
      element('tbody', {}, rows),
    ),
  );
}
