'use strict';

/** Which recording somebody means: a file, a pid, or the newest. */

const fs = require('node:fs');
const path = require('node:path');
const { LeakguardError } = require('../errors');
const { parseInteger } = require('../options');
const { loadNative } = require('../native');
const { list, recordings } = require('../recorder');
const { CliError, exitCodes } = require('./exit-codes');

/** @typedef {{ file: string, pid: number, alive: boolean }} Entry  of a recording */

const NONE =
  'nothing is recorded: start a process with leakguard run -- <command>, or with LEAKGUARD_RECORDER=1';

/**
 * @param {string | undefined} target  a file or a pid; nothing: the newest
 * @param {(entry: Entry) => boolean} isWanted  where it is no file
 * @returns {Entry}
 * @throws {CliError} that says what there is
 */
function findRecording(target, isWanted) {
  const all = recordings();
  if (target !== undefined && fs.existsSync(target)) {
    const known = all.find(({ file }) => file === fs.realpathSync(target));
    return known ?? { file: target, pid: 0, alive: isAlive(target) };
  }
  const pid = target === undefined ? undefined : parseInteger(target, 1, 2 ** 32 - 1);
  if (target !== undefined && pid === undefined) {
    throw new CliError(exitCodes.badInput, `${target}: there is no such file, and it is no pid`);
  }
  const wanted = all.filter((entry) => (pid === undefined ? isWanted(entry) : entry.pid === pid));
  const [entry] = [...wanted].sort((a, b) => Number(b.alive) - Number(a.alive));
  if (entry !== undefined) return entry;
  const pids = [...new Set(all.map((each) => each.pid))].join(', ');
  if (pids === '') throw new CliError(exitCodes.badInput, NONE);
  const what = pid === undefined ? 'no such process is recorded' : `no process ${pid} is recorded`;
  throw new CliError(exitCodes.badInput, `${what}: there are recordings of ${pids}`);
}

/**
 * Whether the process of a recording lives; its pid may be another's by now.
 * @param {string} file
 * @returns {boolean}
 */
function isAlive(file) {
  const listed = list(path.dirname(path.resolve(file)));
  return listed.some((each) => each.alive && each.file === path.resolve(file));
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
 * @param {string} file
 * @returns {import('./top-view').Recording}
 * @throws {CliError} that names the file
 */
const readRecording = (file) => orBadInput(() => JSON.parse(loadNative().readRecording(file)));

/**
 * @param {string} file
 * @returns {import('../..').ReportData} what was last known
 * @throws {CliError} that names the file
 */
const readLastReport = (file) => orBadInput(() => JSON.parse(loadNative().recordingReport(file)));

exports.findRecording = findRecording;
exports.isAlive = isAlive;
exports.readLastReport = readLastReport;
exports.readRecording = readRecording;
