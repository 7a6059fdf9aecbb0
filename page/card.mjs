/** One finding: how bad, what grows and how fast, who adds it, why it is believed, how to mend it. */

import { chartView } from './chart.mjs';
import { excerptView, functionView, placeView } from './code.mjs';
import { element } from './dom.mjs';
import { bytes, count, duration, moment, percent } from './numbers.mjs';
import { countsBytes, ownFrame } from './report.mjs';
import { amount, rate, stillness } from './words.mjs';

/** @typedef {import('./report.mjs').Finding} Finding */
/** @typedef {import('./report.mjs').Frame} Frame */
/** @typedef {import('./report.mjs').ShownReport} ShownReport */
/** @typedef {{ report: ShownReport, folder: string }} Context */

const TIERS = {
  contract: 'contract: it should be gone and is not',
  scenario: 'scenario: it grew in the rounds of a check',
  trend: 'trend: it grew while the process ran',
};
/** How the evidence begins that says who holds a leak, and what is between its steps. */
const HELD = /^held by /;
const STEP = ' > ';
const MANY_MARKS = 8;

/** @param {string} severity */
export function badge(severity) {
  return element('span', { class: `badge ${severity}` }, severity);
}

/** @param {[string, import('./dom.mjs').Child | import('./dom.mjs').Child[]][]} rows */
export function factsView(rows) {
  const known = rows.filter(([, value]) => value !== null && value !== '');
  return element(
    'dl',
    { class: 'facts' },
    known.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)),
    ),
  );
}

/** @param {Finding} finding @param {Context} context */
function factsOf(finding, { report }) {
  const { count: now, peak, bytes: size, etaMs, confidence, firstSeen, severity } = finding;
  const still = stillness(finding, report.at);
  return factsView([
    ['Now', amount(finding, now)],
    ['Growth', rate(finding)],
    ['Peak', peak > now ? amount(finding, peak) : null],
    ['Memory', size !== null && !countsBytes(finding) ? bytes(size) : null],
    ['Heap limit in', etaMs === null ? null : duration(etaMs)],
    ['Unchanged for', still],
    ['Confidence', severity === 'note' ? null : percent(confidence)],
    ['Seen for', firstSeen > 0 ? duration(report.at - firstSeen) : null],
  ]);
}

/** @param {string} title @param {import('./dom.mjs').Children} children */
function part(title, ...children) {
  const filled = children.flat().filter(Boolean);
  if (filled.length === 0) return null;
  return element('section', { class: 'part' }, element('h4', {}, title), ...filled);
}

/** @param {number} share */
function shareBar(share) {
  const fill = element('span', {});
  fill.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return element('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

/** @param {Finding['sites'][number]} site @param {string} folder */
function siteRow(site, folder) {
  const where = [placeView(site, folder)];
  const from =
    site.app === null
      ? null
      : element(
          'p',
          { class: 'from' },
          'called from ',
          placeView(site.app, folder),
          ' ',
          functionView(site.app),
        );
  return element(
    'tr',
    {},
    element('td', { class: 'share' }, shareBar(site.share), percent(site.share)),
    element(
      'td',
      {},
      ...where,
      site.package === null
        ? null
        : element('span', { class: 'package' }, `package ${site.package}`),
      from,
    ),
    element('td', {}, functionView(site)),
  );
}

/** @param {Finding} finding @param {Context} context */
function sitesView(finding, { report, folder }) {
  const sites =
    finding.sites.length === 0 && finding.site !== null
      ? [{ ...finding.site, share: 1 }]
      : finding.sites;
  if (sites.length === 0) return null;
  const heads = ['Share', 'Where', 'Function'].map((name) => element('th', { scope: 'col' }, name));
  const table = element(
    'table',
    { class: 'sites' },
    element('caption', { class: 'unseen' }, 'Sites, the largest share first'),
    element('thead', {}, element('tr', {}, heads)),
    element(
      'tbody',
      {},
      sites.map((site) => siteRow(site, folder)),
    ),
  );
  const own = ownFrame(finding);
  const excerpt = report.excerpts.find(({ file, line }) => file === own?.file && line === own.line);
  const spread =
    finding.site === null && sites.length > 1
      ? element('p', {}, `Spread over ${sites.length} sites: none of them adds most of it.`)
      : null;
  return part(
    'Who adds it',
    spread,
    table,
    excerpt === undefined ? null : excerptView(excerpt, folder),
  );
}

/** @param {Finding} finding */
function whyView({ evidence }) {
  const seen = evidence.filter(({ signal }) => signal !== 'held');
  if (seen.length === 0) return null;
  return part(
    'Why',
    element(
      'ul',
      { class: 'evidence' },
      seen.map(({ signal, detail }) =>
        element('li', {}, detail, ' ', element('span', { class: 'signal' }, signal)),
      ),
    ),
  );
}

/** The way from a root of the heap. @param {Finding} finding */
function heldView({ evidence }) {
  const ways = evidence.filter(({ signal }) => signal === 'held');
  return part(
    'What holds it',
    ways.map(({ detail }) =>
      element(
        'ol',
        { class: 'way' },
        detail
          .replace(HELD, '')
          .split(STEP)
          .map((step) => element('li', {}, element('code', {}, step))),
      ),
    ),
  );
}

/** @param {Finding} finding */
function victimsView({ victims }) {
  if (victims.length === 0) return null;
  return part(
    'What grows with it',
    element(
      'ul',
      { class: 'victims' },
      victims.map(({ kind, what, owner, count: number, bytes: size }) =>
        element(
          'li',
          {},
          element('strong', {}, size === null ? count(number) : bytes(size)),
          ` of ${kind} ${what}`,
          owner === '' ? null : [' (', element('code', {}, owner), ')'],
        ),
      ),
    ),
  );
}

/** @param {Finding} finding */
function marksView({ marks }) {
  if (marks.length === 0) return null;
  const items = marks.map(({ label, count: number }) =>
    element('li', {}, label, ' ', element('strong', {}, count(number))),
  );
  const others = items.splice(MANY_MARKS);
  const more =
    others.length === 0
      ? null
      : element(
          'details',
          { 'data-key': 'marks' },
          element('summary', {}, `${others.length} more`),
          element('ul', {}, others),
        );
  return part('During', element('ul', { class: 'marks' }, items), more);
}

/** @param {Finding} finding */
function moreView({ signature, kind, what, tier, owner, firstSeen, lastSeen }) {
  return element(
    'details',
    { class: 'more', 'data-key': 'more' },
    element('summary', {}, 'Signature and origin'),
    factsView([
      ['Signature', element('code', {}, signature)],
      ['Kind', `${kind}, ${what}`],
      ['Owner', owner],
      ['Proof', TIERS[tier]],
      ['First seen', firstSeen > 0 ? moment(firstSeen) : null],
      ['Last change', lastSeen > 0 ? moment(lastSeen) : null],
    ]),
  );
}

/**
 * @param {Finding} finding
 * @param {string} id  of the element
 * @param {boolean} isHidden
 * @param {Context} context
 */
export function cardView(finding, id, isHidden, context) {
  const own = ownFrame(finding);
  const { severity, title, history, advice } = finding;
  const heading = `${id}-title`;
  const chart =
    history.length < 2
      ? null
      : chartView(
          { points: history, unit: countsBytes(finding) ? 'bytes' : 'count' },
          `Growth of ${title}`,
        );
  return element(
    'article',
    {
      id,
      class: `card ${severity}`,
      'data-key': id,
      'aria-labelledby': heading,
      tabindex: -1,
      hidden: isHidden,
    },
    element(
      'header',
      {},
      element('h3', { id: heading }, badge(severity), ' ', title),
      own === null
        ? null
        : element(
            'p',
            { class: 'main-site' },
            placeView(own, context.folder),
            ' in ',
            functionView(own),
          ),
      element(
        'button',
        {
          type: 'button',
          class: 'quiet copy',
          'data-action': 'copy',
          'aria-describedby': heading,
          'aria-live': 'polite',
        },
        'Copy as text',
      ),
    ),
    element(
      'div',
      { class: chart === null ? 'look' : 'look two' },
      chart,
      factsOf(finding, context),
    ),
    sitesView(finding, context),
    advice === ''
      ? null
      : element(
          'section',
          { class: 'part fix' },
          element('h4', {}, 'How to fix it'),
          element('p', {}, `${advice[0].toUpperCase()}${advice.slice(1)}.`),
        ),
    heldView(finding),
    whyView(finding),
    victimsView(finding),
    marksView(finding),
    moreView(finding),
  );
}

/**
 * The finding for a ticket.
 * @param {Finding} finding
 */
export function textOf(finding) {
  const { title, severity, confidence, sites, evidence, advice, signature } = finding;
  const sure = severity === 'note' ? '' : `, confidence ${confidence.toFixed(2)}`;
  const lines = [
    `${severity.toUpperCase()} ${title}`,
    ...(rate(finding) === '' ? [] : [`grows by ${rate(finding)}`]),
    ...sites.map(
      ({ file, line, column, function: name, share }) =>
        `${percent(share)} by ${file}:${line}:${column} ${name}`,
    ),
    ...evidence.map(({ detail }) => `why: ${detail}`),
    `fix: ${advice}`,
    `id: ${signature}${sure}`,
  ];
  return `${lines.join('\n')}\n`;
}
