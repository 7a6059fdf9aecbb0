'use strict';

/**
 * Holds a report against the service that it is about. What is expected stands in the service's
 * source, in the comments `leak: <name> - <why>` and `healthy: <name> - <why>` above the lines in
 * question; what was found stands in the report alone.
 */

const MARKER = /^\s*\/\/ (leak|healthy): (.+?) - (.+)$/;

/** As what each planted leak has to be reported. */
const LEAKS = new Map([
  ['listener per request', { kind: 'listeners', what: 'EventEmitter' }],
  ['interval per connection', { kind: 'timers', what: 'interval' }],
  ['unbounded cache', { kind: 'collections', what: 'Map' }],
  ['abort listener', { kind: 'listeners', what: 'AbortSignal' }],
]);
const NEIGHBOURS = ['lru-cache', '1,000 intervals', '50 listeners', 'static Map'];

/** @typedef {import('../../index').ReportData} ReportData */
/** @typedef {import('../../index').Finding} Finding */
/** @typedef {import('../../index').Frame} Frame */
/**
 * @typedef {object} Marker
 * @property {'leak' | 'healthy'} role
 * @property {string} name
 * @property {string} why
 * @property {number} line  the one below the comment
 */
/**
 * @typedef {object} Score
 * @property {{ marker: Marker, ok: boolean, verdict: string }[]} lines  planted leaks, then neighbours
 * @property {string[]} strangers  what else is accused
 * @property {boolean} ok
 */

/**
 * @param {string} source
 * @returns {Marker[]} leaks first
 */
function readMarkers(source) {
  const markers = source.split('\n').flatMap((text, index) => {
    const match = MARKER.exec(text);
    if (match === null) return [];
    const [, role, name, why] = match;
    return [/** @type {Marker} */ ({ role, name, why, line: index + 2 })];
  });
  /** @param {string} role */
  const names = (role) => markers.filter((marker) => marker.role === role).map(({ name }) => name);
  const found = [...names('leak').sort(), ...names('healthy').sort()];
  const wanted = [...[...LEAKS.keys()].sort(), ...[...NEIGHBOURS].sort()];
  if (found.join() !== wanted.join()) {
    throw new Error(`the service has the markers ${found}; the score knows ${wanted}`);
  }
  return markers.sort((a, b) => b.role.localeCompare(a.role));
}

/**
 * Every line of code that a finding names.
 * @param {Finding} finding
 * @returns {Frame[]}
 */
function framesOf({ site, sites }) {
  return [site, ...sites].flatMap((each) => (each === null ? [] : [each, each.app ?? each]));
}

/** @param {Finding} finding */
function describe({ title, severity, site }) {
  const at = site?.app ?? site;
  return `${severity}: ${title}${at === null ? '' : ` at ${at.file}:${at.line}`}`;
}

/**
 * @param {ReportData} report
 * @param {string} file  of the service
 * @param {Marker[]} markers
 * @param {Map<string, number>} warnedAfterMs  the lines that were warned of as it ran, by `file:line`
 * @returns {Score}
 */
function score({ findings }, file, markers, warnedAfterMs) {
  /** @type {(finding: Finding, marker: Marker) => boolean} */
  const names = (finding, { line }) =>
    framesOf(finding).some((frame) => frame.file === file && frame.line === line);
  const neighbours = markers.filter(({ role }) => role === 'healthy');
  /** @type {Set<Finding>} */
  const right = new Set();

  /** @param {Marker} marker */
  const judgeLeak = (marker) => {
    const { kind, what } = LEAKS.get(marker.name) ?? {};
    const alike = findings.filter((finding) => finding.kind === kind && finding.what === what);
    const found = alike.find(({ site }) => site?.file === file && site.line === marker.line);
    if (found?.severity === 'leak') {
      right.add(found);
      const warned = warnedAfterMs.get(`${file}:${marker.line}`);
      return warned === undefined
        ? { marker, ok: false, verdict: 'in the report, but not warned of' }
        : { marker, ok: true, verdict: `found, warned of after ${Math.round(warned / 1000)} s` };
    }
    const wrong = found ?? alike[0];
    const verdict = wrong === undefined ? 'missed' : `wrong: ${describe(wrong)}`;
    return { marker, ok: false, verdict };
  };
  /** @param {Marker} marker */
  const judgeNeighbour = (marker) => {
    const accuser = findings.find((finding) => names(finding, marker));
    return accuser === undefined
      ? { marker, ok: true, verdict: 'left alone' }
      : { marker, ok: false, verdict: `accused: ${describe(accuser)}` };
  };

  const lines = markers.map((marker) =>
    marker.role === 'leak' ? judgeLeak(marker) : judgeNeighbour(marker),
  );
  // That the heap grows is true, and names nobody.
  const strangers = findings
    .filter((finding) => finding.severity !== 'note' && finding.kind !== 'heap')
    .filter((finding) => !right.has(finding) && !neighbours.some((each) => names(finding, each)))
    .map(describe);
  return { lines, strangers, ok: strangers.length === 0 && lines.every(({ ok }) => ok) };
}

exports.readMarkers = readMarkers;
exports.score = score;
