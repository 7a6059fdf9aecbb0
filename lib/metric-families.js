'use strict';

/**
 * What monitoring systems are told: the list of metric families, filled from reports. Names, units and attributes are
 * OpenTelemetry's, with its semantic conventions where there are any; `exposition.js` derives Prometheus's names from
 * them by OpenTelemetry's own rules, so that one dashboard reads both. It knows no library of either.
 *
 * What a system of metrics cannot bear is many series. No family has more than `limit`: samples of equal attributes are
 * one, the worst come first, and the rest is summed in one whose attributes are all `other`.
 */

const { checkCount, refuseOthers, refusedValue } = require('./errors');

/** @typedef {import('..').ReportData} ReportData */
/** @typedef {import('..').Finding} Finding */
/** @typedef {import('..').MetricFamily} MetricFamily */
/** @typedef {import('..').MetricAttributes} Attributes */
/** @typedef {[attributes: Attributes, value: number | null]} Sample  null: not known */
/** @typedef {keyof typeof COMBINE} Combine  of samples of equal attributes */

/**
 * One thread, by itself.
 * @typedef {object} Part
 * @property {ReportData} report
 * @property {boolean} isWatching
 * @property {Attributes} attributes  which thread it is, where there are several
 */

/**
 * @typedef {object} Source
 * @property {ReportData} report  of all parts
 * @property {Part[]} parts
 * @property {import('..').Subject[]} subjects  the worst first
 * @property {{ members: number, bytes: number }} rest  what other subjects come to
 * @property {string} release  of the application
 */

/** @typedef {Source & { identities: Attributes[] }} Collected  identities: of the report's findings */

/**
 * @typedef {object} Definition
 * @property {string} name
 * @property {string} unit  UCUM
 * @property {'gauge' | 'counter'} type
 * @property {string} help
 * @property {Combine} combine
 * @property {(source: Collected) => Iterable<Sample>} collect
 */

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** Characters of one attribute: 50 findings shall fit 100 KB. The end of a path says more than its beginning. */
const MAX_TEXT = 120;

/** Stands for what is summed. */
const OTHER = 'other';

const COMBINE = {
  sum: (/** @type {number} */ a, /** @type {number} */ b) => a + b,
  max: (/** @type {number} */ a, /** @type {number} */ b) => Math.max(a, b),
  min: (/** @type {number} */ a, /** @type {number} */ b) => Math.min(a, b),
};

/** @param {string} text */
function cut(text) {
  const whole = text.toWellFormed();
  return whole.length > MAX_TEXT ? `…${whole.slice(1 - MAX_TEXT)}` : whole;
}

/** @param {import('..').Site | null} site */
function codeAttributes(site) {
  // The line that the reader can change.
  const frame = site?.app ?? site;
  return {
    package: site?.package ?? '',
    'code.file.path': cut(frame?.file ?? ''),
    'code.line.number': frame?.line ?? '',
    'code.function.name': cut(frame?.function ?? ''),
  };
}

/** Of one shape for all families of findings. @param {Finding} finding */
const identityOf = ({ signature, severity, kind }) => ({ signature, severity, kind });

/**
 * @param {Attributes} attributes
 * @returns {Attributes}
 */
function otherOf(attributes) {
  return Object.fromEntries(Object.keys(attributes).map((key) => [key, OTHER]));
}

/** @param {Pick<import('..').Subject, 'kind' | 'what' | 'owner' | 'site'>} subject */
const subjectAttributes = ({ kind, what, owner, site }) => ({
  kind,
  what,
  owner: cut(owner),
  ...codeAttributes(site),
});

const OTHER_SUBJECT = otherOf(
  subjectAttributes({ kind: 'collections', what: '', owner: '', site: null }),
);

/**
 * A value of each thread.
 * @param {(report: ReportData) => number | null} read
 * @returns {Definition['collect']}
 */
const ofParts =
  (read) =>
  ({ parts }) =>
    parts.map(({ report, attributes }) => [attributes, read(report)]);

/**
 * A value of each finding.
 * @param {(finding: Finding) => number | null} read
 * @returns {Definition['collect']}
 */
const ofFindings =
  (read) =>
  ({ report, identities }) =>
    report.findings.map((finding, at) => [identities[at] ?? {}, read(finding)]);

/**
 * The levels of populations, or of allocation sites; what is measured of the memory as a whole is neither.
 * @param {'members' | 'bytes'} unit
 * @returns {Definition['collect']}
 */
const ofSubjects =
  (unit) =>
  ({ subjects, rest }) => [
    ...subjects
      .filter(({ bytes, kind }) => kind !== 'heap' && bytes === (unit === 'bytes'))
      .map((subject) => /** @type {Sample} */ ([subjectAttributes(subject), subject.level])),
    [OTHER_SUBJECT, rest[unit] || null],
  ];

/**
 * @param {string} name
 * @param {string} unit
 * @param {string} help
 * @param {Definition['collect']} collect
 * @param {Combine} [combine]
 * @returns {Definition}
 */
const gauge = (name, unit, help, collect, combine = 'sum') => ({
  name,
  unit,
  type: 'gauge',
  help,
  combine,
  collect,
});

/**
 * @param {string} name
 * @param {string} unit
 * @param {string} help
 * @param {(report: ReportData) => number | null} read
 * @returns {Definition}
 */
const counter = (name, unit, help, read) => ({
  name,
  unit,
  type: 'counter',
  help,
  combine: 'sum',
  collect: ofParts(read),
});

/** @param {ReportData} report */
function timeToLimit({ findings }) {
  const known = findings.flatMap(({ etaMs }) => (etaMs === null ? [] : [etaMs]));
  return known.length === 0 ? null : Math.min(...known) / 1000;
}

/** @type {Omit<Definition, 'collect'>} */
const UP = {
  name: 'leakguard.up',
  unit: '',
  type: 'gauge',
  help: 'Whether the thread is watched: 1, or 0.',
  combine: 'min',
};

/** All that is told where nothing else can be. @type {MetricFamily} */
const DOWN = { ...UP, samples: [{ attributes: {}, value: 0 }] };

/** @type {Definition[]} */
const DEFINITIONS = [
  {
    ...UP,
    collect: ({ parts }) =>
      parts.map(({ isWatching, attributes }) => [attributes, isWatching ? 1 : 0]),
  },
  gauge(
    'leakguard.info',
    '',
    'Versions and the level of watching; always 1.',
    ({ parts, release }) =>
      parts.map(({ report, attributes }) => [
        {
          version: report.leakguard,
          'process.runtime.version': report.node,
          level: report.level,
          'service.version': release,
          ...attributes,
        },
        1,
      ]),
    'max',
  ),
  gauge(
    'leakguard.start_time',
    's',
    'When watching began, in seconds since the epoch.',
    ofParts(({ startedAt }) => startedAt / 1000),
    'min',
  ),
  gauge(
    'leakguard.verdict',
    '',
    'The verdict of the report: 1 for the present one.',
    ({ report }) =>
      ['clean', 'suspect', 'leak', 'inconclusive'].map((verdict) => [
        { verdict },
        Number(report.verdict === verdict),
      ]),
    'max',
  ),
  gauge('leakguard.findings', '{finding}', 'Findings by severity.', ({ report }) =>
    ['leak', 'suspect', 'note'].map((severity) => [
      { severity },
      report.findings.filter((finding) => finding.severity === severity).length,
    ]),
  ),
  gauge(
    'leakguard.finding.info',
    '',
    'What a finding is and which line adds most; always 1.',
    ({ report, release }) =>
      report.findings.map((finding) => [
        {
          ...identityOf(finding),
          what: finding.what,
          owner: cut(finding.owner),
          ...codeAttributes(finding.site),
          'service.version': release,
        },
        1,
      ]),
    'max',
  ),
  gauge(
    'leakguard.finding.members',
    '{member}',
    'Members of what a finding is about.',
    ofFindings(({ bytes, count }) => (bytes === null ? count : null)),
  ),
  gauge(
    'leakguard.finding.growth',
    '{member}/s',
    'Members that come to stay.',
    ofFindings(({ bytes, ratePerMinute }) => (bytes === null ? ratePerMinute / 60 : null)),
  ),
  gauge(
    'leakguard.finding.size',
    'By',
    'Memory of what a finding is about.',
    ofFindings(({ bytes }) => bytes),
  ),
  gauge(
    'leakguard.finding.size.growth',
    'By/s',
    'Memory that comes to stay.',
    ofFindings(({ bytes, ratePerMinute }) => (bytes === null ? null : ratePerMinute / 60)),
  ),
  gauge(
    'leakguard.subject.members',
    '{member}',
    'Members of the populations that are counted, the fastest growing ones by name.',
    ofSubjects('members'),
  ),
  gauge(
    'leakguard.subject.size',
    'By',
    'Memory that a function has allocated and that is still there, the fastest growing ones by name.',
    ofSubjects('bytes'),
  ),
  gauge(
    'leakguard.heap.used',
    'By',
    "V8's heap in use, garbage included.",
    ofParts(({ meters }) => meters.heapUsedBytes),
  ),
  gauge(
    'leakguard.heap.after_gc',
    'By',
    "V8's heap in use after the last full collection.",
    ofParts(({ meters }) => meters.heapAfterGcBytes),
  ),
  gauge(
    'leakguard.heap.limit',
    'By',
    "V8's heap may not grow beyond this.",
    ofParts(({ meters }) => meters.heapLimitBytes),
  ),
  gauge(
    'leakguard.heap.time_to_limit',
    's',
    'Time until a finding has filled the heap at its present rate; absent while none does.',
    ofParts(timeToLimit),
    'min',
  ),
  gauge(
    'leakguard.memory.external',
    'By',
    'Memory outside of the heap that JavaScript objects hold.',
    ofParts(({ meters }) => meters.externalBytes),
  ),
  gauge(
    'leakguard.memory.array_buffers',
    'By',
    'Buffers, a part of the external memory.',
    ofParts(({ meters }) => meters.arrayBuffersBytes),
  ),
  gauge(
    'leakguard.memory.resident',
    'By',
    'Resident memory of the whole process.',
    ofParts(({ meters }) => meters.rssBytes),
  ),
  gauge(
    'leakguard.resources',
    '{resource}',
    'What keeps the event loop busy, by type.',
    ({ parts }) =>
      parts.flatMap(({ report, attributes }) =>
        Object.entries(report.meters.resources).map(
          ([type, count]) => /** @type {Sample} */ ([{ type: cut(type), ...attributes }, count]),
        ),
      ),
  ),
  gauge(
    'leakguard.explained',
    '1',
    "Share of the heap's growth that the findings account for.",
    ({ report }) => [[{}, report.explained]],
    'min',
  ),
  gauge(
    'leakguard.ledger.subjects',
    '{subject}',
    'Populations that are counted.',
    ofParts(({ ledger }) => ledger.tracked),
  ),
  gauge(
    'leakguard.ledger.capacity',
    '{subject}',
    'Populations that can be counted.',
    ofParts(({ ledger }) => ledger.capacity),
  ),
  counter(
    'leakguard.ledger.evictions',
    '{subject}',
    'Populations that had to make room for larger ones.',
    ({ ledger }) => ledger.evicted,
  ),
  counter(
    'leakguard.ledger.drops',
    '{item}',
    'Populations, lines, labels and findings there was no room for.',
    ({ ledger }) => ledger.dropped,
  ),
  counter('leakguard.ticks', '{tick}', 'Ticks since watching began.', ({ ticks }) => ticks),
  counter(
    'leakguard.overhead.cpu',
    's',
    'CPU time of watching.',
    ({ overhead }) => overhead.cpuMs / 1000,
  ),
  gauge(
    'leakguard.overhead.last_tick',
    's',
    'How long the last tick took.',
    ofParts(({ overhead }) => overhead.lastTickMs / 1000),
  ),
];

/** @param {Attributes} attributes */
const isOther = (attributes) => Object.values(attributes).every((value) => value === OTHER);

/**
 * @param {Iterable<Sample>} samples  the worst first
 * @param {Combine} combine
 * @param {number} limit
 * @returns {MetricFamily['samples']} no two of equal attributes
 */
function bound(samples, combine, limit) {
  const join = COMBINE[combine];
  /** @type {Map<string, MetricFamily['samples'][number]>} */
  const byKey = new Map();
  for (const [attributes, value] of samples) {
    if (value === null || !Number.isFinite(value)) continue;
    const key = JSON.stringify(attributes);
    const known = byKey.get(key);
    byKey.set(key, { attributes, value: known === undefined ? value : join(known.value, value) });
  }
  const all = [...byKey.values()];
  if (all.length <= limit) return all;
  const named = all.filter(({ attributes }) => !isOther(attributes)).slice(0, limit - 1);
  const others = all.filter((sample) => !named.includes(sample));
  const rest = others.reduce(({ attributes, value }, other) => ({
    attributes,
    value: join(value, other.value),
  }));
  return [...named, { ...rest, attributes: otherOf(rest.attributes) }];
}

/**
 * @param {string} call  for errors
 * @param {import('..').MetricsOptions} [options]
 * @returns {{ limit: number, workers: boolean, release: string }}
 * @throws {import('./errors').LeakguardError} ERR_LEAKGUARD_OPTION
 */
function readMetricsOptions(call, options = {}) {
  const { limit = DEFAULT_LIMIT, workers = false, release, ...others } = options;
  refuseOthers(call, others, 'are limit, workers and release');
  checkCount(call, 'limit', limit, 1, MAX_LIMIT);
  if (typeof workers !== 'boolean') {
    throw refusedValue(call, 'workers', workers, 'are true and false');
  }
  if (release !== undefined && typeof release !== 'string') {
    throw refusedValue(call, 'release', release, 'is a text');
  }
  // npm sets its own for what it starts.
  const { LEAKGUARD_RELEASE, npm_package_version } = process.env;
  return {
    limit,
    workers,
    release: cut(release ?? LEAKGUARD_RELEASE ?? npm_package_version ?? ''),
  };
}

/**
 * @param {Source} source
 * @param {number} limit  of samples, for each family
 * @returns {MetricFamily[]} all families, some without a sample
 */
function createFamilies(source, limit) {
  const identities = source.report.findings.map(identityOf);
  return DEFINITIONS.map(({ collect, ...about }) => ({
    ...about,
    samples: bound(collect({ ...source, identities }), about.combine, limit),
  }));
}

exports.DOWN = DOWN;
exports.createFamilies = createFamilies;
exports.readMetricsOptions = readMetricsOptions;
