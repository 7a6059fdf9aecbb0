'use strict';

/**
 * One run of one program in a process of its own, and what leakguard said of it: the reports of all
 * its processes and threads, and when it was warned. Knows neither labels nor scores.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

/** What a program may take beyond its working time to start and to end, on a busy machine. */
const GRACE_MS = 30_000;
/** The head of a warning as Node prints it. */
const WARNING = /^\(node:(\d+)\) \[LEAKGUARD_(\w+)\] LeakWarning: (.*)/;
const KEPT_LINES = 200;

/** @typedef {import('../../index').ReportData} ReportData */
/**
 * @typedef {object} Warned
 * @property {number} pid
 * @property {string} code  without `LEAKGUARD_`
 * @property {string} title
 * @property {number} at    epoch ms
 */
/**
 * @typedef {object} ProgramRun
 * @property {string | null} failure  why it counts for nothing
 * @property {ReportData[]} reports   the main thread's of the program itself first
 * @property {Warned[]} warnings
 * @property {string[]} stderr        the first lines
 */

/** Process groups under way, by the pid that leads them. @type {Set<number>} */
const groups = new Set();

/**
 * Ends a program with the children it has.
 * @param {number} pid  leader of the group
 */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}

/** Ends every program under way. */
function killAll() {
  for (const pid of groups) killGroup(pid);
}

/**
 * @param {string} file
 * @returns {ReportData[]} none where its writer was ended before it was through
 */
function readReport(file) {
  try {
    return [JSON.parse(fs.readFileSync(file, 'utf8'))];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * @param {string} folder
 * @param {number} pid  of the program itself
 * @returns {ReportData[]}
 */
function readReports(folder, pid) {
  const reports = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readReport(path.join(folder, name)));
  /** @param {ReportData} report */
  const isMain = (report) => report.pid === pid && report.threadId === 0;
  return [...reports.filter(isMain), ...reports.filter((report) => !isMain(report))];
}

/** This environment without what would make two runs differ. */
function plainEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(LEAKGUARD|NODE_OPTIONS|CORPUS_|npm_)/i.test(name),
    ),
  );
}

/**
 * @param {string} file  absolute path
 * @param {object} options
 * @param {string} options.node  binary
 * @param {string | null} options.register  what is loaded first; `null` to run it bare
 * @param {Record<string, string>} options.env  of leakguard, but for the report
 * @param {number} options.seconds  the program's working time
 * @param {string} options.folder  for its reports and what it printed
 * @param {number} [options.graceMs]  beyond its working time
 * @returns {Promise<ProgramRun>}
 */
async function runProgram(file, options) {
  const { node, register, env, seconds, folder, graceMs = GRACE_MS } = options;
  // What an earlier run has left there is not of this one.
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const args = register === null ? [file] : ['--require', register, file];
  const child = spawn(node, args, {
    cwd: path.dirname(file),
    env: {
      ...plainEnvironment(),
      ...env,
      CORPUS_SECONDS: String(seconds),
      LEAKGUARD_REPORT: path.join(folder, '%p-%t.json'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: what the program has started ends with it.
    detached: true,
  });
  const pid = /** @type {number} */ (child.pid);
  groups.add(pid);
  let isLate = false;
  const limit = setTimeout(
    () => {
      isLate = true;
      killGroup(pid);
    },
    seconds * 1000 + graceMs,
  );

  /** @type {Warned[]} */
  const warnings = [];
  /** @type {string[]} */
  const stderr = [];
  let hasPrinted = false;
  child.stdout.on('data', () => {
    hasPrinted = true;
  });
  readline.createInterface(child.stderr).on('line', (line) => {
    const warning = WARNING.exec(line);
    if (warning !== null) {
      const [, ownPid, code, title] = warning;
      warnings.push({ pid: Number(ownPid), code, title, at: Date.now() });
    }
    if (stderr.length < KEPT_LINES) stderr.push(line);
  });

  const [code, signal] = await once(child, 'close');
  clearTimeout(limit);
  groups.delete(pid);
  killGroup(pid);

  fs.writeFileSync(path.join(folder, 'stderr.txt'), stderr.map((line) => `${line}\n`).join(''));
  const reports = readReports(folder, pid);
  /** @returns {string | null} */
  const failure = () => {
    if (isLate) return `still running after ${seconds + graceMs / 1000} s`;
    if (code !== 0) return `ended with ${code ?? signal}`;
    if (register === null) return hasPrinted || stderr.length > 0 ? 'printed something' : null;
    return reports[0]?.pid === pid ? null : 'left no report';
  };
  return { failure: failure(), reports, warnings, stderr };
}

exports.killAll = killAll;
exports.runProgram = runProgram;
