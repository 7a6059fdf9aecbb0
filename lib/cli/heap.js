'use strict';

/** `leakguard heap`: questions to heap snapshots in files. */

const { diff, growth, readFile } = require('../heap');
const { LeakguardError } = require('../errors');
const { CliError, exitCodes } = require('./exit-codes');

/** Shorter work needs no bar. */
const PATIENCE_MS = 300;
const REDRAW_MS = 100;
const BAR_WIDTH = 30;

/** @typedef {{ limit: number, redact?: boolean, json?: boolean }} Options */
/** @typedef {import('../heap').HeapSnapshot} HeapSnapshot */

/**
 * Draws how far it is on a terminal, while something is awaited.
 * @template T
 * @param {Promise<T>} work
 * @param {string} what
 * @param {() => number} share  0 to 1
 * @returns {Promise<T>}
 */
async function withProgress(work, what, share) {
  if (!process.stderr.isTTY) return work;
  const start = performance.now();
  let drawn = false;
  const timer = setInterval(() => {
    if (performance.now() - start < PATIENCE_MS) return;
    drawn = true;
    const done = Math.floor(share() * BAR_WIDTH);
    const bar = '#'.repeat(done) + '.'.repeat(BAR_WIDTH - done);
    process.stderr.write(`\r\x1b[K[${bar}] ${what}`);
  }, REDRAW_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (drawn) process.stderr.write('\r\x1b[K');
  }
}

/**
 * @param {string} file
 * @returns {Promise<HeapSnapshot>}
 */
function read(file) {
  const { snapshot, progress } = readFile(file);
  return withProgress(snapshot, `reading ${file}`, () => progress.share);
}

/**
 * Prints what comes of a question.
 * @param {Options} options
 * @param {(rows: { limit: number, redact: boolean }) => Promise<object>} ask
 * @throws {CliError} that names the file and the byte where it is no snapshot
 */
async function print({ limit, redact = false, json = false }, ask) {
  try {
    const answer = await ask({ limit, redact });
    process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${answer}`);
  } catch (error) {
    if (!(error instanceof LeakguardError)) throw error;
    throw new CliError(exitCodes.badInput, error.message);
  }
}

/**
 * @param {string} file
 * @param {number} limit
 */
function profileSummary(file, limit) {
  const { profileText, summarizeProfile } = require('../profile-summary');
  const summary = summarizeProfile(file, limit);
  return Object.defineProperty(summary, 'toString', { value: () => profileText(summary) });
}

/**
 * @template T
 * @param {Promise<T>} work
 */
const analyzing = (work) => withProgress(work, 'finding who holds what', () => 1);

/**
 * @param {string} file
 * @param {Options} options
 */
exports.printSummary = (file, options) =>
  print(options, async (rows) => {
    if (file.endsWith('.heapprofile')) return profileSummary(file, rows.limit);
    const snapshot = await read(file);
    return analyzing(snapshot.summary(rows));
  });

/**
 * @param {string} file
 * @param {Options} options
 */
exports.printSuspects = (file, options) =>
  print(options, async (rows) => {
    const snapshot = await read(file);
    return analyzing(snapshot.suspects(rows));
  });

/**
 * @param {string} file
 * @param {Options & { id?: number, class?: string, name?: string }} options
 * @throws {CliError} unless it is told what the way leads to
 */
exports.printPath = (file, options) => {
  const given = /** @type {const} */ (['id', 'class', 'name']).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length !== 1) {
    throw new CliError(exitCodes.usage, 'accepted is one of --id, --class and --name');
  }
  const [by] = given;
  return print(options, async (rows) => {
    const snapshot = await read(file);
    return analyzing(snapshot.path({ [by]: options[by] }, rows));
  });
};

/**
 * @param {string} before
 * @param {string} after
 * @param {Options} options
 */
exports.printDiff = (before, after, options) =>
  print(options, async (rows) => {
    const sides = [await read(before), await read(after)];
    return analyzing(diff(sides[0], sides[1], rows));
  });

/**
 * @param {string[]} files
 * @param {Options & { atLeast?: number }} options
 */
exports.printGrowth = (files, options) =>
  print(options, async (rows) => {
    const { atLeast } = options;
    return withProgress(growth(files, { ...rows, atLeast }), 'comparing the snapshots', () => 1);
  });
