'use strict';

/** Which recording somebody means: a file, a pid, or the newest. */

const fs = require('node:fs');
const { LeakguardError } = require('../errors');
const { loadNative } = require('../native');
const { CliError, exitCodes } = require('./exit-codes');

/** @typedef {{ file: string, alive: boolean }} Entry  of a recording */
/** @typedef {import('../recorder').Listed} Listed */

const NONE =
  'nothing is recorded: start a process with leakguard run -- <command>, or with LEAKGUARD_RECORDER=1';

/** The process that was started last, and its main thread first. @param {Listed} a @param {Listed} b */
const startedLast = (a, b) => b.startedAt - a.startedAt || a.threadId - b.threadId;
/** The one that was written to last. @param {Listed} a @param {Listed} b */
const endedLast = (a, b) => b.mtime - a.mtime || a.threadId - b.threadId;
/** A pid may have been another's before. @param {Listed} a @param {Listed} b */
const alive = (a, b) => Number(b.alive) - Number(a.alive) || startedLast(a, b);

/**
 * @param {string | undefined} target  a file or a pid; nothing: the first by `order`
 * @param {(entry: Entry) => boolean} isWanted  where it is neither
 * @param {(a: Listed, b: Listed) => number} order  of the recordings, where it is neither
 * @returns {Entry}
 * @throws {CliError} that says what there is
 */
function findRecording(target, isWanted, order) {
  if (target !== undefined && fs.existsSync(target)) {
    return { file: target, alive: isAlive(target) };
  }
  // A file needs neither.
  const { parseInteger } = require('../options');
  const { recordings } = require('../recorder');
  const all = recordings();
  const pid = target === undefined ? undefined : parseInteger(target, 1, 2 ** 32 - 1);
  if (target !== undefined && pid === undefined) {
    throw new CliError(exitCodes.badInput, `${target}: there is no such file, and it is no pid`);
  }
  const wanted = all.filter((entry) => (pid === undefined ? isWanted(entry) : entry.pid === pid));
  const [entry] = wanted.sort(pid === undefined ? order : alive);
  if (entry !== undefined) return entry;
  const pids = [...new Set(all.map((each) => each.pid))].join(', ');
  if (pids === '') throw new CliError(exitCodes.badInput, NONE);
  const what = pid === undefined ? 'no such process is recorded' : `no process ${pid} is recorded`;
  throw new CliError(exitCodes.badInput, `${what}: there are recordings of ${pids}`);
}

/**
 * @template T
 * @param {() => T} read
 * @returns {T}
 * @throws {CliError} where it is no recording
 */
function orBadInput(read) {
  try {
    return read();
  } catch (error) {
    // No binary: the fault is not the file's.
    if (error instanceof LeakguardError) throw error;
    throw new CliError(exitCodes.badInput, /** @type {Error} */ (error).message);
  }
}

/**
 * Whether the process of a recording lives; its pid may be another's by now.
 * @param {string} file
 * @returns {boolean}
 * @throws {CliError} that names the file
 */
const isAlive = (file) => orBadInput(() => loadNative().isRecordingAlive(file));

/**
 * @param {string} file
 * @param {number} [rows]  subjects at most, those that `top` begins with
 * @returns {string} JSON of an object
 * @throws {CliError} that names the file
 */
const recordingText = (file, rows) => orBadInput(() => loadNative().readRecording(file, rows));

/**
 * @param {string} file
 * @param {number} [rows]  subjects at most, those that `top` begins with
 * @returns {import('./top-view').Recording}
 * @throws {CliError} that names the file
 */
const readRecording = (file, rows) => JSON.parse(recordingText(file, rows));

/**
 * What was last known, as a report and as it was recorded.
 * @param {string} file
 * @returns {{ recording: Omit<import('./top-view').Recording, 'subjects'>, report: import('../..').ReportData }}
 * @throws {CliError} that names the file
 */
const readLast = (file) => JSON.parse(orBadInput(() => loadNative().readLast(file)));

exports.endedLast = endedLast;
exports.findRecording = findRecording;
exports.isAlive = isAlive;
exports.readLast = readLast;
exports.readRecording = readRecording;
exports.recordingText = recordingText;
exports.startedLast = startedLast;
