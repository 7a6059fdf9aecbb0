/**
 * The page: `show(report)` draws it, and draws it again when the report has changed. It reads nothing but
 * what it is given: no network, no storage.
 */

import { badge, cardView, textOf } from './card.mjs';
import { drawCharts, redrawCharts } from './chart.mjs';
import { element, morphChildren } from './dom.mjs';
import { chosen, clearFilters, filtersView, matches } from './filters.mjs';
import { duration, moment } from './numbers.mjs';
import { commonFolder } from './paths.mjs';
import { memoryView, processesView, watchView } from './process.mjs';
import { complete, unpacked } from './report.mjs';
import { answer, rate, tally, watched, worst } from './words.mjs';

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {import('./report.mjs').ShownReport} ShownReport */

/** From so many on a list of what there is saves scrolling. */
const MANY_FINDINGS = 3;

/** @type {ShownReport | null} */
let current = null;
/** Set once the reader has chosen. @type {'light' | 'dark' | null} */
let chosenTheme = null;
const systemDark = matchMedia('(prefers-color-scheme: dark)');
const printing = matchMedia('print');

function theme() {
  return chosenTheme ?? (systemDark.matches ? 'dark' : 'light');
}

function applyTheme() {
  document.documentElement.dataset.theme = theme();
  redrawCharts();
}

/** Findings of one signature may be several in a merged report. @param {Finding[]} findings */
function idsOf(findings) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return findings.map(({ signature }) => {
    const number = (seen.get(signature) ?? 0) + 1;
    seen.set(signature, number);
    return `finding-${signature.replace(/[^\w-]/g, '_')}${number === 1 ? '' : `-${number}`}`;
  });
}

/** @param {ShownReport} report @param {string} folder */
function headView(report, folder) {
  const { verdict, leakguard, node, pid, threadId, startedAt, at, level, notes } = report;
  const { processes = [] } = report;
  const whose = processes.length > 1 ? `${processes.length} processes, the worst: ` : '';
  const facts = [
    `node ${node.replace(/^v/, '')}`,
    `${whose}pid ${pid}${threadId === 0 ? '' : `, thread ${threadId}`}`,
    `started ${moment(startedAt)}`,
    `watched for ${duration(at - startedAt)} at level ${level}`,
  ];
  const first = worst(report);
  const more = report.findings.length > 1 ? `. The worst: ${first}` : `: ${first}`;
  const other = theme() === 'dark' ? 'light' : 'dark';
  return element(
    'header',
    { class: 'head' },
    element(
      'div',
      { class: 'top' },
      element('p', { class: 'name' }, element('strong', {}, 'leakguard'), ` ${leakguard}`),
      element(
        'button',
        { type: 'button', class: 'quiet', 'data-action': 'theme' },
        `Switch to ${other}`,
      ),
    ),
    element(
      'div',
      { class: `verdict ${verdict}` },
      element('h1', {}, answer(report), first === '' ? null : element('span', {}, more)),
      element('p', {}, watched(report)),
    ),
    element(
      'ul',
      { class: 'process' },
      facts.map((fact) => element('li', {}, fact)),
    ),
    folder === ''
      ? null
      : element('p', { class: 'folder' }, 'Paths are from ', element('code', {}, folder)),
    notes.length === 0
      ? null
      : element(
          'section',
          { class: 'notes', 'aria-label': 'Notes' },
          element(
            'ul',
            {},
            notes.map((note) => element('li', {}, note)),
          ),
        ),
  );
}

/** @param {Finding[]} findings @param {string[]} ids @param {boolean[]} hidden */
function indexView(findings, ids, hidden) {
  if (findings.length < MANY_FINDINGS) return null;
  return element(
    'nav',
    { class: 'index', 'aria-label': 'Findings' },
    element(
      'ol',
      {},
      findings.map((finding, index) =>
        element(
          'li',
          { 'data-key': ids[index], hidden: hidden[index] },
          badge(finding.severity),
          element('a', { href: `#${ids[index]}` }, finding.title),
          element('span', { class: 'rate' }, rate(finding)),
        ),
      ),
    ),
  );
}

/** @param {ShownReport} report */
function nothingView({ verdict, shims }) {
  const hooks = Object.keys(shims).join(', ');
  const sentence =
    verdict === 'inconclusive'
      ? 'There was too little history to judge, and nothing stood out. Let it run longer, or set a shorter interval.'
      : 'Of all that was watched nothing keeps growing.';
  return element(
    'p',
    { class: 'nothing' },
    sentence,
    hooks === '' ? null : ` Watched: ${hooks}, and the heap as a whole.`,
  );
}

/** @param {ShownReport} report @returns {HTMLElement} */
function view(report) {
  const { findings } = report;
  const folder = commonFolder(report);
  const filters = chosen();
  const ids = idsOf(findings);
  const hidden = findings.map((finding) => !matches(finding, filters));
  const shown = hidden.filter((isHidden) => !isHidden).length;
  const context = { report, folder };
  const main = element(
    'main',
    {},
    element(
      'section',
      { id: 'findings', 'aria-labelledby': 'findings-title', tabindex: -1 },
      element('h2', { id: 'findings-title' }, findings.length === 0 ? 'No findings' : 'Findings'),
      findings.length === 0 ? nothingView(report) : filtersView(findings, shown),
      indexView(findings, ids, hidden),
      findings.map((finding, index) => cardView(finding, ids[index], hidden[index], context)),
    ),
    memoryView(report),
    watchView(report),
    processesView(report),
  );
  const foot = element(
    'footer',
    {},
    `Written by leakguard ${report.leakguard} at ${moment(report.at)}. `,
    'This page holds all of it: it loads nothing and sends nothing.',
  );
  return element('div', {}, headView(report, folder), main, foot);
}

/** @returns {Element | undefined} the card that is read: it has the focus, or is the first to be seen */
function cardInView() {
  const focused = document.activeElement?.closest('article');
  if (focused) return focused;
  const cards = [...document.querySelectorAll('article')];
  // At the top of the page the verdict is read.
  return scrollY === 0 ? undefined : cards.find((card) => card.getBoundingClientRect().bottom > 0);
}

/**
 * Draws a report, or makes the page that of a newer one: what is unfolded, focused, chosen and scrolled to
 * stays as it is.
 * @param {unknown} report  as parsed from its JSON
 */
export function show(report) {
  const page = document.getElementById('page');
  if (page === null) return;
  const again = current !== null;
  const read = again ? cardInView() : undefined;
  const top = read?.getBoundingClientRect().top ?? 0;
  current = complete(report);
  draw(page);
  if (read?.isConnected && read.checkVisibility()) {
    scrollBy(0, read.getBoundingClientRect().top - top);
  }
  // It is that of the first.
  if (again) document.getElementById('plain')?.remove();
}

/** @param {Element} page */
function draw(page) {
  if (current === null) return;
  document.title = `${tally(current) || current.verdict} · leakguard, pid ${current.pid}`;
  morphChildren(page, view(current));
  drawCharts();
}

function redraw() {
  const page = document.getElementById('page');
  if (page !== null) draw(page);
}

/** @param {Element} button */
async function copy(button) {
  const card = button.closest('article');
  const index = current === null ? -1 : idsOf(current.findings).indexOf(card?.id ?? '');
  if (current === null || index === -1) return;
  try {
    await navigator.clipboard.writeText(textOf(current.findings[index]));
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed here';
  }
}

/** What was unfolded for the printer. @type {HTMLDetailsElement[]} */
let unfolded = [];

function beforePrint() {
  const folded = document.querySelectorAll('details:not([open], .screen-only, .plain *)');
  for (const details of /** @type {NodeListOf<HTMLDetailsElement>} */ (folded)) {
    details.open = true;
    unfolded.push(details);
  }
  redrawCharts();
}

function afterPrint() {
  for (const details of unfolded) details.open = false;
  unfolded = [];
  redrawCharts();
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest('[data-action]') : null;
  switch (button?.getAttribute('data-action')) {
    case 'theme':
      chosenTheme = theme() === 'dark' ? 'light' : 'dark';
      applyTheme();
      redraw();
      break;
    case 'clear':
      clearFilters();
      redraw();
      break;
    case 'copy':
      copy(/** @type {Element} */ (button));
      break;
  }
});
document.addEventListener('input', redraw);
document.addEventListener('submit', (event) => event.preventDefault());
systemDark.addEventListener('change', () => {
  applyTheme();
  redraw();
});
addEventListener('beforeprint', beforePrint);
addEventListener('afterprint', afterPrint);
printing.addEventListener('change', ({ matches: isPrinting }) =>
  isPrinting ? beforePrint() : afterPrint(),
);

/** Draws what the file holds. */
function start() {
  const stored = document.getElementById('report')?.textContent ?? '';
  if (stored.trim() === '') return;
  show(unpacked(JSON.parse(stored)));
  // Without a script, or with one that failed above, the text is the report.
  document.querySelector('#plain details')?.removeAttribute('open');
  if (location.hash !== '') {
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }
}

applyTheme();
// For what brings newer reports.
Object.assign(globalThis, { leakguard: { show } });
start();
