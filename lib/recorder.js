'use strict';

/**
 * Where recordings are: which folder is ours to write to, what a file is called, which of the dead are kept. It opens
 * one and lists them; what is in them is the addon's business, and what is recorded is `black-box.js`'s.
 *
 * A folder that others can enter may have been laid as a trap: one that is a link, somebody else's, or that others
 * can write to is not used.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { epochMs } = require('./clock');
const { threadId } = require('./loaded');
const { loadNative } = require('./native');

const ENDING = '.leakguard';
/** Of processes that are dead, the newest; 4 MiB each. */
const KEPT = 16;

/** The same for all recordings of this process: it is a part of their names. */
const processStartedAt = Math.round(epochMs() - process.uptime() * 1000);

/** @typedef {{ file: string, pid: number, threadId: number, startedAt: number, alive: boolean, mtime: number, readable: boolean }} Listed */

/** The folders in which recordings are looked for, the first that can be is written to. */
function candidates() {
  const uid = process.getuid?.() ?? os.userInfo().username;
  const { XDG_RUNTIME_DIR: runtime } = process.env;
  return [
    { parent: runtime, name: 'leakguard', inMemory: true },
    { parent: '/dev/shm', name: `leakguard-${uid}`, inMemory: true },
    { parent: os.tmpdir(), name: `leakguard-${uid}`, inMemory: false },
  ].flatMap(({ parent, name, inMemory }) =>
    parent ? [{ parent, folder: path.join(parent, name), inMemory }] : [],
  );
}

/**
 * @param {string} folder
 * @returns {string | null} what is wrong with it; null for nothing
 */
function distrust(folder) {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return 'is not there';
  if (stat.isSymbolicLink()) return 'is a symbolic link';
  if (!stat.isDirectory()) return 'is no folder';
  if (process.getuid !== undefined && stat.uid !== process.getuid()) return 'is of another user';
  if (process.getuid !== undefined && (stat.mode & 0o022) !== 0) return 'can be written by others';
  return null;
}

/**
 * @returns {{ folder: string | null, inMemory: boolean, faults: string[] }} where to record
 */
function chooseFolder() {
  const faults = [];
  for (const { parent, folder, inMemory } of candidates()) {
    try {
      // A folder of the system that is not there, or not ours, is no fault.
      if (!fs.statSync(parent, { throwIfNoEntry: false })?.isDirectory()) continue;
      fs.mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code !== 'EEXIST') {
        faults.push(`${folder} cannot be made (${code})`);
        continue;
      }
    }
    const fault = distrust(folder);
    if (fault === null) return { folder, inMemory, faults };
    faults.push(`${folder} ${fault}`);
  }
  return { folder: null, inMemory: false, faults };
}

/**
 * Makes room: what is left of processes that are dead, but for the newest.
 * @param {string} folder
 */
function removeOld(folder) {
  if (fs.readdirSync(folder).length <= KEPT) return;
  const dead = list(folder).filter(({ alive }) => !alive);
  const whole = dead.filter(({ file }) => file.endsWith(ENDING));
  const unfinished = dead.filter(({ file }) => !file.endsWith(ENDING));
  for (const { file } of [...whole.slice(KEPT), ...unfinished]) {
    fs.rmSync(file, { force: true });
    fs.rmSync(snapshotOf(file), { force: true });
  }
}

/**
 * @param {string} folder
 * @returns {Listed[]}
 */
function list(folder) {
  return JSON.parse(loadNative().listRecordings(folder));
}

/**
 * @param {string} file  a recording
 * @returns {string} where a snapshot of its process is
 */
function snapshotOf(file) {
  return `${file}.heapsnapshot`;
}

/**
 * Snapshots are large, and may lie in memory: one at a time, that of the process that comes near its limit now.
 * @param {string} snapshot  its path
 */
function removeOldSnapshots(snapshot) {
  const folder = path.dirname(snapshot);
  if (!candidates().some((candidate) => candidate.folder === folder)) return;
  for (const { file } of list(folder).filter(({ alive }) => !alive)) {
    fs.rmSync(snapshotOf(file), { force: true });
  }
}

/**
 * Opens the recording of this thread.
 * @param {import('../native/binding').Engine} engine
 * @param {object} options
 * @param {true | string} options.where  true: a folder of ours; else a path with `%p` for the pid and `%t` for the thread
 * @param {string} options.level
 * @param {(text: string) => void} options.say   what the host must know
 * @param {(text: string) => void} options.note  what a reader of a report may want to know
 * @returns {string | null} its file; null where there is none, which has been said
 */
function openRecording(engine, { where, level, say, note }) {
  const { pid } = process;
  const thread = threadId();
  try {
    let file;
    if (where === true) {
      const { folder, inMemory, faults } = chooseFolder();
      if (folder === null) {
        say(`nothing is recorded: ${faults.join(', ') || 'there is no folder for it'}`);
        return null;
      }
      if (faults.length > 0) say(`the recording is in ${folder}: ${faults.join(', ')}`);
      else if (!inMemory)
        note(`the recording is on a disk, in ${folder}: a write may have to wait`);
      removeOld(folder);
      file = path.join(folder, `${pid}-${processStartedAt}-${thread}${ENDING}`);
    } else {
      file = where.replaceAll('%p', `${pid}`).replaceAll('%t', `${thread}`);
    }
    const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)].join(' ');
    const meta = { node: process.version, threadId: thread, processStartedAt, command, level };
    engine.openRecorder(file, JSON.stringify(meta));
    return file;
  } catch (error) {
    say(`nothing is recorded: ${/** @type {Error} */ (error).message}`);
    return null;
  }
}

/** @returns {string[]} the folders that may have recordings of ours */
function trustedFolders() {
  const folders = new Set(candidates().map(({ folder }) => folder));
  return [...folders].filter((folder) => distrust(folder) === null);
}

/** @returns {string[]} the recordings of this process's threads and of what it has started, in no order */
function descendants() {
  return trustedFolders().flatMap((folder) => loadNative().listDescendants(folder));
}

/**
 * The recordings in the folders of ours, the one written to last first.
 * @returns {Listed[]}
 */
function recordings() {
  return trustedFolders()
    .flatMap(list)
    .filter(({ file }) => file.endsWith(ENDING))
    .sort((a, b) => b.mtime - a.mtime);
}

exports.descendants = descendants;
exports.list = list;
exports.openRecording = openRecording;
exports.recordings = recordings;
exports.removeOldSnapshots = removeOldSnapshots;
exports.snapshotOf = snapshotOf;
