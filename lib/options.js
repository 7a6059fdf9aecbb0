'use strict';

/**
 * Options: one table says, for each, its default, its environment variable, how a text is read and
 * what is accepted. `start()` throws on a bad value; the environment only warns, because a start-up
 * must never fail because of us.
 */

const fs = require('node:fs');
const path = require('node:path');
const { LeakguardError, inspectValue } = require('./errors');

// Most starts are given neither a file for a report nor rules.
const formats = () => require('./formats');
const rules = () => require('./ignore');

/** @typedef {'off' | 'counts' | 'sites' | 'survivors' | 'exact'} Level */
/** @typedef {'low' | 'normal' | 'high'} Sensitivity */
/**
 * Populations below their floor are never reported.
 * @typedef {object} Floors
 * @property {number} listeners    listeners of one event on one emitter or target
 * @property {number} intervals    live intervals made by one line
 * @property {number} timeouts     live timeouts or immediates made by one line
 * @property {number} collections  entries of one Map or Set
 * @property {number} handles      open handles of one type, or made by one line
 * @property {number} globals      new keys of `globalThis`, modules loaded since the start
 * @property {number} promises     pending promises made by one line
 * @property {number} watched      size of one target of `watch()`
 * @property {number} heapBytes    growth of the heap in use after full collections
 * @property {number} objectBytes  live bytes that one function has allocated; 0: 24 samples
 */
/**
 * @typedef {object} Settings
 * @property {Level} level
 * @property {number} interval  ms
 * @property {number} patience  ticks
 * @property {Sensitivity} sensitivity
 * @property {{ interval: number, bytes: number }} survivors  ms, mean distance of two samples
 * @property {number} captures  heap snapshots a day, to find who holds a leak
 * @property {boolean} promises  whether pending promises are sampled
 * @property {import('./ignore').Rule[]} ignore
 * @property {string | null} baseline  a file
 * @property {Floors} floors
 * @property {boolean} warn
 * @property {string | null} report
 * @property {'leak' | 'suspect' | null} failOn
 * @property {true | string | null} recorder  a path, or a folder of ours
 * @property {boolean} recorderSnapshot
 * @property {string | null} dashboard  the folder of its mailboxes
 */

const LEVELS = /** @type {const} */ (['off', 'counts', 'sites', 'survivors', 'exact']);
const SENSITIVITIES = /** @type {const} */ (['low', 'normal', 'high']);

/** A tick longer than this judges nothing within a working day; one shorter costs more than it tells. */
const MIN_INTERVAL_MS = 10;
const MAX_INTERVAL_MS = 3_600_000;

/** Between two rounds of the heap's sampler: each forces a full collection. */
const USUAL_ROUND_MS = 60_000;
/** At level `exact`: some five objects a sample, so that a test of 500 requests leaves enough. */
const EXACT_SAMPLE_BYTES = 512;
/** However close the rounds. */
const MIN_SAMPLE_BYTES = 256;

/** @type {Record<Sensitivity, { floors: Floors, patience: number, bytes: number }>} */
const PRESETS = {
  low: {
    floors: {
      listeners: 64,
      intervals: 64,
      timeouts: 2048,
      collections: 10_000,
      handles: 64,
      globals: 256,
      promises: 4096,
      watched: 1000,
      heapBytes: 67_108_864,
      objectBytes: 0,
    },
    patience: 60,
    bytes: 65_536,
  },
  normal: {
    floors: {
      listeners: 16,
      intervals: 16,
      timeouts: 512,
      collections: 1000,
      handles: 16,
      globals: 64,
      promises: 512,
      watched: 100,
      heapBytes: 16_777_216,
      objectBytes: 0,
    },
    patience: 60,
    bytes: 32_768,
  },
  high: {
    floors: {
      listeners: 8,
      intervals: 8,
      timeouts: 256,
      collections: 100,
      handles: 8,
      globals: 16,
      promises: 64,
      watched: 16,
      heapBytes: 2_097_152,
      objectBytes: 0,
    },
    patience: 30,
    bytes: 4096,
  },
};

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * @param {unknown} value  ms, or text such as '250ms', '1s', '5m'
 * @returns {number | undefined} ms
 */
function parseDuration(value) {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*$/.exec(value);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[/** @type {keyof typeof UNIT_MS} */ (match[2] ?? 'ms')];
}

/**
 * @param {unknown} value
 * @param {number} min
 * @param {number} max
 */
function parseInteger(value, min, max) {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
    ? number
    : undefined;
}

/** @param {unknown} value */
function parseInterval(value) {
  const ms = parseDuration(value);
  return ms !== undefined && ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS ? ms : undefined;
}

/** @param {unknown} value */
function parseBoolean(value) {
  if (value === true || value === '1' || value === 'true') return true;
  if (value === false || value === '0' || value === 'false') return false;
  return undefined;
}

/**
 * @template {string} T
 * @param {readonly T[]} accepted
 * @returns {(value: unknown) => T | undefined}
 */
function oneOf(accepted) {
  return (value) => accepted.find((entry) => entry === value);
}

/** @param {unknown} value */
function parseReportPath(value) {
  if (value === null) return null;
  if (typeof value !== 'string' || formats().formatOf(value) === undefined) return undefined;
  const file = path.resolve(value);
  const folder = path.dirname(file);
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    return fs.statSync(folder).isDirectory() ? file : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
function parseSurvivors(value) {
  const bare = typeof value === 'object' && value !== null ? value : { interval: value };
  const { interval, bytes, ...unknown } = /** @type {Record<string, unknown>} */ (bare);
  if (Object.keys(unknown).length > 0) return undefined;
  const ms = interval === undefined ? USUAL_ROUND_MS : parseInterval(interval);
  const size = bytes === undefined ? 0 : parseInteger(bytes, 1024, 2 ** 30);
  return ms === undefined || size === undefined ? undefined : { interval: ms, bytes: size };
}

/** @param {unknown} value */
function parseFolder(value) {
  if (value === null) return null;
  if (typeof value !== 'string') return undefined;
  return fs.statSync(value, { throwIfNoEntry: false })?.isDirectory() ? value : undefined;
}

/** @param {unknown} value */
function parseBaseline(value) {
  if (value === null) return null;
  return typeof value === 'string' && value !== '' ? path.resolve(value) : undefined;
}

/** @param {unknown} value */
function parseRecorder(value) {
  const wanted = value === null ? false : parseBoolean(value);
  if (wanted !== undefined) return wanted || null;
  return typeof value === 'string' && value !== '' ? path.resolve(value) : undefined;
}

/** Of heap snapshots a day: one an hour. */
const MAX_CAPTURES = 24;

/** @param {unknown} value */
function parseFloors(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const known = Object.keys(PRESETS.normal.floors);
  /** @type {Record<string, number>} */
  const floors = {};
  for (const [name, given] of Object.entries(value)) {
    const floor = parseInteger(given, 1, 2 ** 32 - 1);
    if (!known.includes(name) || floor === undefined) return undefined;
    floors[name] = floor;
  }
  return floors;
}

/**
 * @typedef {object} Spec
 * @property {unknown} default
 * @property {(value: unknown) => unknown} parse  undefined when the value is not accepted; throws where
 *   it can say which part of it is not
 * @property {string | (() => string)} accepts
 * @property {string} [env]
 */

/** @type {Record<string, Spec>} */
const SPECS = {
  level: {
    default: 'sites',
    parse: oneOf(LEVELS),
    accepts: LEVELS.join(', '),
    env: 'LEAKGUARD_LEVEL',
  },
  interval: {
    default: 1000,
    parse: parseInterval,
    accepts: "a duration from 10ms to 1h: a number of ms, or text such as '250ms', '1s', '5m'",
    env: 'LEAKGUARD_INTERVAL',
  },
  patience: {
    default: null,
    parse: (value) => parseInteger(value, 10, 100_000),
    accepts: 'a whole number of ticks from 10 to 100000',
    env: 'LEAKGUARD_PATIENCE',
  },
  sensitivity: {
    default: 'normal',
    parse: oneOf(SENSITIVITIES),
    accepts: SENSITIVITIES.join(', '),
    env: 'LEAKGUARD_SENSITIVITY',
  },
  survivors: {
    default: { interval: USUAL_ROUND_MS, bytes: 0 },
    parse: parseSurvivors,
    accepts: 'a duration from 10ms to 1h, or { interval: duration, bytes: 1024 to 2^30 }',
    env: 'LEAKGUARD_SURVIVORS',
  },
  promises: {
    default: null,
    parse: parseBoolean,
    accepts: 'true or false (1 or 0)',
    env: 'LEAKGUARD_PROMISES',
  },
  captures: {
    default: 0,
    parse: (value) => parseInteger(value, 0, MAX_CAPTURES),
    accepts: `a whole number from 0 to ${MAX_CAPTURES}: heap snapshots a day`,
    env: 'LEAKGUARD_CAPTURES',
  },
  ignore: {
    default: [],
    parse: (value) => rules().readRules(value),
    accepts: () =>
      `an array of rules, each ${rules().ACCEPTS_RULE}; or a text of rules such as 'package:pg, kind:timers'`,
    env: 'LEAKGUARD_IGNORE',
  },
  baseline: {
    default: null,
    parse: parseBaseline,
    accepts: 'a file that leakguard run --update-baseline has written',
    env: 'LEAKGUARD_BASELINE',
  },
  floors: {
    default: {},
    parse: parseFloors,
    accepts: `an object of whole numbers from 1, keyed by ${Object.keys(PRESETS.normal.floors).join(', ')}`,
  },
  warn: {
    default: true,
    parse: parseBoolean,
    accepts: 'true or false (1 or 0)',
    env: 'LEAKGUARD_WARN',
  },
  report: {
    default: null,
    parse: parseReportPath,
    accepts: () =>
      `a file ending in ${formats().EXTENSIONS.join(', ')} in a folder that exists and can be written`,
    env: 'LEAKGUARD_REPORT',
  },
  failOn: {
    default: null,
    parse: (value) => (value === null ? null : oneOf(['leak', 'suspect'])(value)),
    accepts: 'leak or suspect',
    env: 'LEAKGUARD_FAIL_ON',
  },
  recorder: {
    default: null,
    parse: parseRecorder,
    accepts: 'true or false (1 or 0), or a file',
    env: 'LEAKGUARD_RECORDER',
  },
  recorderSnapshot: {
    default: false,
    parse: parseBoolean,
    accepts: 'true or false (1 or 0)',
    env: 'LEAKGUARD_RECORDER_SNAPSHOT',
  },
  dashboard: {
    default: null,
    parse: parseFolder,
    accepts: 'a folder that exists; leakguard run makes one',
    env: 'LEAKGUARD_DASHBOARD',
  },
};

/** Every environment variable that is read, for `doctor` and the documentation. */
const ENVIRONMENT = [
  'LEAKGUARD',
  'LEAKGUARD_RELEASE',
  ...Object.values(SPECS).flatMap((spec) => spec.env ?? []),
];

/**
 * What is allocated between two rounds has to leave samples, so rounds that are closer than usual
 * need samples that are closer too.
 * @param {number} bytes  at the usual distance of rounds
 * @param {{ interval: number }} survivors
 */
function sampleBytes(bytes, { interval }) {
  const compressed = Math.round((bytes * interval) / USUAL_ROUND_MS);
  return Math.min(bytes, Math.max(MIN_SAMPLE_BYTES, compressed));
}

/**
 * @param {Record<string, unknown>} values
 * @returns {Settings}
 */
function complete(values) {
  const preset = PRESETS[/** @type {Sensitivity} */ (values.sensitivity)];
  const survivors = /** @type {Settings['survivors']} */ (values.survivors);
  const usual = values.level === 'exact' ? EXACT_SAMPLE_BYTES : preset.bytes;
  const bytes = survivors.bytes || sampleBytes(usual, survivors);
  return /** @type {Settings} */ ({
    ...values,
    patience: values.patience ?? preset.patience,
    promises: values.promises ?? values.level === 'exact',
    floors: { ...preset.floors, .../** @type {object} */ (values.floors) },
    survivors: { ...survivors, bytes },
  });
}

/**
 * @param {Spec} spec
 * @param {unknown} given
 * @returns {{ value?: unknown, fault?: string }} `fault`: what is accepted instead
 */
function parse({ parse, accepts }, given) {
  try {
    const value = parse(given);
    if (value !== undefined) return { value };
    return { fault: `accepted is ${typeof accepts === 'string' ? accepts : accepts()}` };
  } catch (error) {
    return { fault: /** @type {Error} */ (error).message };
  }
}

/**
 * Options given in code win over the environment, which wins over the defaults.
 * @param {Record<string, unknown>} [options]
 * @param {NodeJS.ProcessEnv} [env]
 * @param {(message: string) => void} [warn]  told of bad values in the environment
 * @returns {Settings}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION, naming the option, the value and what is accepted
 */
function readOptions(options = {}, env = process.env, warn = () => {}) {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      `start() takes an object of options, not ${inspectValue(options)}`,
    );
  }
  /** @type {Record<string, unknown>} */
  const values = {};
  for (const [name, spec] of Object.entries(SPECS)) {
    values[name] = spec.default;
    const text = spec.env === undefined ? undefined : env[spec.env];
    if (text === undefined || text === '') continue;
    const { value, fault } = parse(spec, text);
    if (fault === undefined) values[name] = value;
    else warn(`${spec.env}=${inspectValue(text)} is not used: ${fault}`);
  }
  for (const [name, given] of Object.entries(options)) {
    if (given === undefined) continue;
    const spec = Object.hasOwn(SPECS, name) ? SPECS[name] : undefined;
    if (spec === undefined) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `unknown option ${inspectValue(name)}: accepted are ${Object.keys(SPECS).join(', ')}`,
      );
    }
    const { value, fault } = parse(spec, given);
    if (fault !== undefined) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `option ${name}: ${inspectValue(given)} is not accepted; ${fault}`,
      );
    }
    values[name] = value;
  }
  return complete(values);
}

exports.ENVIRONMENT = ENVIRONMENT;
exports.LEVELS = LEVELS;
exports.parseBoolean = parseBoolean;
exports.parseInteger = parseInteger;
exports.readOptions = readOptions;
