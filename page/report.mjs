/**
 * The report as the page reads it. A stored one may come from an older version or from somewhere else, so
 * what is missing is filled in once, here, and the views need not ask.
 */

/** @typedef {import('../index.js').ReportData} ReportData */
/** @typedef {import('../index.js').Finding} Finding */
/** @typedef {import('../index.js').Frame} Frame */
/** @typedef {{ file: string, line: number, first: number, lines: string[] }} Excerpt  of the lines around one */
/** @typedef {ReportData & { excerpts: Excerpt[] }} ShownReport */

/** @param {unknown} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);
/** @param {unknown} value @returns {Record<string, any>} */
const record = (value) =>
  typeof value === 'object' && value !== null ? /** @type {Record<string, any>} */ (value) : {};
/** @param {unknown} value */
const number = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
/** @param {unknown} value */
const numberOrNull = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;
/** @param {unknown} value */
const text = (value) => (typeof value === 'string' ? value : '');

/**
 * @template {string} Name
 * @param {unknown} value
 * @param {readonly Name[]} names
 * @param {Name} otherwise
 * @returns {Name}
 */
const oneOf = (value, names, otherwise) => names.find((name) => name === value) ?? otherwise;

/** @param {unknown} value @returns {[number, number][]} */
function points(value) {
  return list(value)
    .filter((point) => Array.isArray(point) && point.every(Number.isFinite))
    .map(([at, level]) => [at, level]);
}

/** @param {unknown} value @returns {Frame | null} */
function frame(value) {
  if (typeof value !== 'object' || value === null) return null;
  const { file, line, column, function: name } = record(value);
  return { file: text(file), line: number(line), column: number(column), function: text(name) };
}

/** @param {unknown} value */
function site(value) {
  const { package: name, app, share } = record(value);
  const adds = frame(value);
  if (adds === null) return null;
  return {
    ...adds,
    package: typeof name === 'string' ? name : null,
    app: frame(app),
    share: number(share),
  };
}

/** @param {unknown} value @returns {Finding} */
function finding(value) {
  const given = record(value);
  return /** @type {any} */ ({
    signature: text(given.signature),
    kind: text(given.kind),
    what: text(given.what),
    severity: oneOf(given.severity, ['leak', 'suspect', 'note'], 'note'),
    confidence: number(given.confidence),
    tier: oneOf(given.tier, ['contract', 'scenario', 'trend'], 'trend'),
    owner: text(given.owner),
    title: text(given.title) || text(given.what),
    message: text(given.message),
    advice: text(given.advice),
    count: number(given.count),
    peak: number(given.peak),
    bytes: numberOrNull(given.bytes),
    ratePerMinute: number(given.ratePerMinute),
    etaMs: numberOrNull(given.etaMs),
    firstSeen: number(given.firstSeen),
    lastSeen: number(given.lastSeen),
    site: site(given.site),
    sites: list(given.sites).map(site).filter(Boolean),
    marks: list(given.marks).map((mark) => ({
      label: text(record(mark).label),
      count: number(record(mark).count),
    })),
    victims: list(given.victims).map((victim) => ({
      kind: text(record(victim).kind),
      what: text(record(victim).what),
      owner: text(record(victim).owner),
      count: number(record(victim).count),
      bytes: numberOrNull(record(victim).bytes),
    })),
    evidence: list(given.evidence).map((seen) => ({
      signal: text(record(seen).signal),
      detail: text(record(seen).detail),
    })),
    history: points(given.history),
  });
}

/** @param {unknown} value @returns {Excerpt} */
function excerpt(value) {
  const given = record(value);
  return {
    file: text(given.file),
    line: number(given.line),
    first: number(given.first),
    lines: list(given.lines).map(text),
  };
}

/**
 * @param {unknown} value  as parsed
 * @returns {ShownReport}
 */
export function complete(value) {
  const given = record(value);
  const [meters, ledger, overhead] = [
    record(given.meters),
    record(given.ledger),
    record(given.overhead),
  ];
  const numbers = (/** @type {unknown} */ of) =>
    Object.fromEntries(Object.entries(record(of)).map(([name, one]) => [name, number(one)]));
  const texts = (/** @type {unknown} */ of) =>
    Object.fromEntries(Object.entries(record(of)).map(([name, one]) => [name, text(one)]));
  return /** @type {any} */ ({
    schema: 1,
    leakguard: text(given.leakguard),
    node: text(given.node),
    pid: number(given.pid),
    threadId: number(given.threadId),
    startedAt: number(given.startedAt),
    at: number(given.at),
    ticks: number(given.ticks),
    intervalMs: number(given.intervalMs),
    level: text(given.level),
    verdict: oneOf(given.verdict, ['clean', 'suspect', 'leak', 'inconclusive'], 'inconclusive'),
    findings: list(given.findings).map(finding),
    meters: {
      heapUsedBytes: numberOrNull(meters.heapUsedBytes),
      heapAfterGcBytes: numberOrNull(meters.heapAfterGcBytes),
      heapLimitBytes: numberOrNull(meters.heapLimitBytes),
      externalBytes: numberOrNull(meters.externalBytes),
      arrayBuffersBytes: numberOrNull(meters.arrayBuffersBytes),
      rssBytes: numberOrNull(meters.rssBytes),
      resources: numbers(meters.resources),
      history: points(meters.history),
    },
    explained: numberOrNull(given.explained),
    ledger: {
      capacity: number(ledger.capacity),
      tracked: number(ledger.tracked),
      evicted: number(ledger.evicted),
      dropped: number(ledger.dropped),
      bytes: number(ledger.bytes),
    },
    shims: texts(given.shims),
    overhead: {
      cpuMs: number(overhead.cpuMs),
      lastTickMs: number(overhead.lastTickMs),
      maxTickMs: number(overhead.maxTickMs),
    },
    notes: list(given.notes).map(text),
    processes: list(given.processes).map((one) => ({
      pid: number(record(one).pid),
      threadId: number(record(one).threadId),
      startedAt: number(record(one).startedAt),
      at: number(record(one).at),
      ticks: number(record(one).ticks),
      level: text(record(one).level),
      verdict: text(record(one).verdict),
    })),
    excerpts: list(given.excerpts).map(excerpt),
  });
}

/**
 * What the file holds as the report that it was made of: there each time of a history is the distance from
 * the one before, and the first from the epoch.
 * @param {any} stored
 */
export function unpacked(stored) {
  const absolute = (/** @type {[number, number][]} */ history) => {
    let at = 0;
    return history.map(([distance, value]) => {
      at += distance;
      return [at, value];
    });
  };
  const findings = stored.findings.map((/** @type {Finding} */ one) => ({
    ...one,
    history: absolute(one.history),
  }));
  const meters = { ...stored.meters, history: absolute(stored.meters.history) };
  return { ...stored, findings, meters };
}

/** Whether the count is memory, not members. @param {Finding} finding */
export function countsBytes({ kind, bytes, count }) {
  return kind === 'heap' || kind === 'objects' || (kind === 'promises' && bytes === count);
}

/** The line that the reader can change, if there is one that adds most. @param {Finding} finding */
export function ownFrame({ site, sites }) {
  const main = site ?? sites[0];
  return main === undefined || main === null ? null : (main.app ?? main);
}
