'use strict';

/**
 * Reports for the tests of what is made of one: valid, with every kind of finding, all of their fields
 * filled. The sites are lines of the demo, so that there is code to show.
 */

const path = require('node:path');
const { version } = require('../package.json');
const { ROOT } = require('./child');

/** @typedef {import('..').Finding} Finding */
/** @typedef {import('..').ReportData} ReportData */

const SERVICE = path.join(ROOT, 'demo', 'service.js');
const SECOND_MS = 1000;
const POINTS = 64;

/** @type {[kind: any, what: string, owner: string, title: string][]} */
const KINDS = [
  ['listeners', 'EventEmitter', "EventEmitter 'price'", "2,402 listeners on EventEmitter 'price'"],
  ['timers', 'interval', '', '241 live intervals'],
  ['collections', 'Map', 'Map', 'Map of 4,803 entries'],
  ['globals', 'Array', 'globalThis.history', 'globalThis.history holds 1,204 entries'],
  ['objects', 'closure', 'closure', '14.2 MiB of closures'],
  ['promises', 'Promise', '', '812 pending promises'],
  ['handles', 'TCPSocketWrap', 'TCPSocketWrap', '97 open sockets'],
  ['heap', 'rss', 'rss', 'resident memory of 512 MiB in use'],
  [
    'retained',
    'Session',
    'session of a closed socket',
    'session of a closed socket is still there',
  ],
];
const SEVERITIES = /** @type {const} */ (['leak', 'suspect', 'note']);

/**
 * @param {number} index  another one for each
 * @param {Partial<Finding>} [fields]
 * @returns {Finding}
 */
function createFinding(index, fields = {}) {
  const [kind, what, owner, title] = KINDS[index % KINDS.length];
  const at = Date.now();
  const isBytes = kind === 'heap' || kind === 'objects';
  const count = (isBytes ? 400_000_000 : 2_402) + index;
  const site = (/** @type {number} */ line, /** @type {string} */ name) => ({
    file: SERVICE,
    line,
    column: 8,
    function: name,
    package: null,
    app: null,
  });
  const inPackage = {
    ...site(271, 'EventEmitter.addListener'),
    file: path.join(ROOT, 'demo', 'node_modules', 'ws', 'lib', 'websocket.js'),
    package: 'ws',
    app: { file: SERVICE, line: 113, column: 3, function: 'connected' },
  };
  return {
    signature: (0x1000 + index).toString(16).padStart(16, '0'),
    kind,
    what,
    severity: SEVERITIES[index % SEVERITIES.length],
    confidence: 0.95,
    tier: kind === 'retained' ? 'contract' : 'trend',
    owner,
    title,
    message: `${title}, growing by 4,726 per minute\ndominated by ${SERVICE}:97:8 subscribe (72 %)\nwatched for 29s: leak, confidence 0.95 (27 rises, 0 falls, and 100 % of what is added stays)\nfix: call off() with the same function when its owner is done\nnext: leakguard.report() in the process`,
    advice:
      'call off() with the same function when its owner is done, use once() for a single event, or tie it to an AbortSignal; if one listener is enough, add it once, outside of the request',
    count,
    peak: count + 12,
    bytes: isBytes ? count : 3_145_728,
    ratePerMinute: isBytes ? 5_103_055.28 : 4726.4,
    etaMs: 5_400_000,
    firstSeen: at - 64 * SECOND_MS,
    lastSeen: at,
    site: site(97, 'subscribe'),
    sites: [
      { ...site(97, 'subscribe'), share: 0.72 },
      { ...inPackage, share: 0.2 },
      { ...site(105, '<anonymous>'), share: 0.08 },
    ],
    marks: [{ label: 'orders > a cancelled order is forgotten', count: 12 }],
    victims: [
      { kind: 'objects', what: 'closure', owner: 'connected', count: 2402, bytes: 1_843_200 },
      { kind: 'collections', what: 'Set', owner: 'Set', count: 2402, bytes: null },
    ],
    evidence: [
      {
        signal: 'peak',
        detail:
          'over the last 25s its low never came back under 1,789, above the earlier high of 1,126',
      },
      {
        signal: 'fade',
        detail: 'growth does not fade: the last third grew at 99 % of the rate before it',
      },
      {
        signal: 'chance',
        detail: '29 rises against 0 falls: odds of at least 22,411,175 to 1 against chance',
      },
      { signal: 'survival', detail: 'of 131 samples, 0 are gone: what is added stays' },
      {
        signal: 'held',
        detail:
          'held by global > property shop EventEmitter > property _events Object > array price',
      },
    ],
    history: Array.from({ length: POINTS }, (_, point) => [
      at - (POINTS - 1 - point) * SECOND_MS,
      Math.round((count * (point + 3)) / (POINTS + 2)),
    ]),
    ...fields,
  };
}

/**
 * @param {Finding[]} findings
 * @param {Partial<ReportData>} [fields]
 * @returns {ReportData}
 */
function createReport(findings, fields = {}) {
  const at = Date.now();
  const severities = findings.map(({ severity }) => severity);
  const worst = SEVERITIES.find((severity) => severities.includes(severity));
  return {
    schema: 1,
    leakguard: version,
    node: process.version,
    pid: 4711,
    threadId: 0,
    startedAt: at - 64 * SECOND_MS,
    at,
    ticks: 64,
    intervalMs: 1000,
    level: 'survivors',
    verdict: worst === undefined ? 'clean' : worst === 'note' ? 'inconclusive' : worst,
    findings,
    meters: {
      heapUsedBytes: 40_890_688,
      heapAfterGcBytes: 34_001_760,
      heapLimitBytes: 4_345_298_944,
      externalBytes: 2_380_408,
      arrayBuffersBytes: 102_179,
      rssBytes: 134_320_128,
      resources: { TCPServerWrap: 1, Timeout: 1242 },
      history: Array.from({ length: POINTS }, (_, point) => [
        at - (POINTS - 1 - point) * SECOND_MS,
        30_000_000 + 200_000 * point,
      ]),
    },
    explained: 0.93,
    ledger: { capacity: 4096, tracked: 49, evicted: 0, dropped: 0, bytes: 4_169_688 },
    shims: { collections: 'on', eventEmitter: 'on', eventTarget: 'buried', timers: 'on' },
    overhead: { cpuMs: 312.5, lastTickMs: 3.59, maxTickMs: 108.13 },
    notes: [],
    ...fields,
  };
}

/** One of each kind. */
const createEveryKind = () => KINDS.map((_, index) => createFinding(index));

exports.KINDS = KINDS.map(([kind]) => kind);
exports.SERVICE = SERVICE;
exports.createEveryKind = createEveryKind;
exports.createFinding = createFinding;
exports.createReport = createReport;
