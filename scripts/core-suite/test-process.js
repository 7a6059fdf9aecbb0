'use strict';

/**
 * Runs one of Node's test files as Node's own runner does (tools/test.py, test/testpy): working
 * directory is the tree, `// Flags:` and `// Env:` go to the process, the runner's variables are
 * set, output goes to a file (a pipe would be one more active resource, which some tests count), and
 * exit code 0 is a pass, but for the files of `message`, whose output is what counts.
 * Differences on purpose: every run has a temporary directory and a thread id of its own, so any
 * two runs may overlap, and the whole process group goes when the file is done or late, so that a
 * failing test leaves no server behind for the next one.
 * Does not judge: it returns what happened.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { InputError } = require('./input-error.js');
const { runsAlone } = require('./test-groups.js');

const TIME_LIMIT_MS = 60_000;

/** Enough for an assertion with its diff and stack; a test in a loop must not fill our memory. */
const KEPT_OUTPUT_BYTES = 64 * 1024;

/**
 * `common.PORT` is 12346 + 100 per thread id; beyond 500 it would leave the range of ports. Two runs
 * at once are never 500 apart.
 */
const THREAD_IDS = 500;

/** Variables that change what a test sees: ours, npm's, the terminal's and Node's own switches. */
const HIDDEN_VARIABLES = /^(LEAKGUARD|NODE_|npm_|TEST_|FORCE_COLOR$|NO_COLOR$|NPM_)/;

const SYNTAX = /[.*+?^${}()|[\]\\]/g;

/**
 * @typedef {object} Run
 * @property {string} outcome `0`, `1`, `SIGABRT`, `timeout`, `skipped`, `other output`: equal outcomes are the same
 * @property {string} output standard output and error, interleaved as they came
 */

let serial = 0;

/** Leaders of the groups we started and have not seen the end of. @type {Set<number>} */
const leaders = new Set();

/** @param {number} leader */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // ESRCH: nobody left, as it should be.
  }
}

/** For a run that is interrupted: nothing of ours stays. */
function killAll() {
  for (const leader of leaders) killGroup(leader);
}

/**
 * @param {string} source
 * @param {RegExp} pattern
 */
function wordsAfter(source, pattern) {
  return pattern.exec(source)?.[1].trim().split(/\s+/).filter(Boolean) ?? [];
}

/**
 * Reads the beginning and removes the file.
 * @param {string} file
 */
function takeOutput(file) {
  const descriptor = fs.openSync(file, 'r');
  const buffer = Buffer.alloc(KEPT_OUTPUT_BYTES);
  const size = fs.readSync(descriptor, buffer);
  fs.closeSync(descriptor);
  fs.rmSync(file);
  return buffer.toString('utf8', 0, size);
}

/**
 * As Node's runner compares: line by line without empty lines, and a star is any text.
 * @param {string} output
 * @param {string} expected  what the `.out` file beside the test holds
 * @param {string} basename  of the test
 */
function isExpected(output, expected, basename) {
  const linesOf = (/** @type {string} */ text) => text.split('\n').filter((line) => line.trim());
  const patterns = linesOf(expected.replaceAll('%(basename)s', basename)).map((line) => {
    const parts = line.trimEnd().split('*');
    return new RegExp(`^${parts.map((part) => part.replace(SYNTAX, '\\$&')).join('.*')}$`);
  });
  const lines = linesOf(output);
  return lines.length === patterns.length && patterns.every((each, at) => each.test(lines[at]));
}

/**
 * @param {object} test
 * @param {string} test.binary
 * @param {string} test.root
 * @param {string} test.file relative to `root`
 * @param {string[]} test.guard options before the test's own flags; none for a bare run
 * @param {Record<string, string>} test.variables added to the environment
 * @param {string} test.scratch directory for temporary files
 * @returns {Promise<Run>}
 */
function runTest({ binary, root, file, guard, variables, scratch }) {
  const absolute = path.join(root, file);
  // A cache that somebody empties meanwhile must not pass for a failing test.
  if (!fs.existsSync(absolute)) throw new InputError(`${absolute} is gone: start again`);
  const id = ++serial;
  const directory = path.join(scratch, String(id));
  fs.mkdirSync(directory);
  const outputFile = path.join(scratch, `${id}.out`);
  const outputDescriptor = fs.openSync(outputFile, 'a');
  const source = fs.readFileSync(absolute, 'utf8');
  const expectedFile = absolute.replace(/\.m?js$/, '.out');
  const expected = fs.existsSync(expectedFile) ? fs.readFileSync(expectedFile, 'utf8') : null;
  const flags = wordsAfter(source, /\/\/\s+Flags:(.*)/);
  const ownVariables = wordsAfter(source, /\/\/\s+Env:(.*)/).map((pair) => pair.split('='));
  const inherited = Object.entries(process.env).filter(([name]) => !HIDDEN_VARIABLES.test(name));
  const child = spawn(binary, [...guard, ...flags, absolute], {
    cwd: root,
    detached: true, // a group of its own, see `killGroup`
    env: {
      ...Object.fromEntries(inherited),
      NODE_TEST_DIR: directory,
      // Those that have the machine to themselves may use fixed ports, and are told so.
      ...(runsAlone(file) ? {} : { TEST_PARALLEL: '1' }),
      TEST_SERIAL_ID: String(id),
      TEST_THREAD_ID: String(id % THREAD_IDS),
      ...variables,
      ...Object.fromEntries(ownVariables),
    },
    stdio: ['ignore', outputDescriptor, outputDescriptor],
  });
  fs.closeSync(outputDescriptor);
  const leader = child.pid;
  if (leader !== undefined) leaders.add(leader);

  return new Promise((resolve, reject) => {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      if (leader !== undefined) killGroup(leader);
    }, TIME_LIMIT_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(limit);
      if (leader !== undefined) {
        killGroup(leader);
        leaders.delete(leader);
      }
      const output = takeOutput(outputFile);
      fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
      // A test that skips itself only under the guard has lost what it would have tested.
      const isSkipped = code === 0 && /^1\.\.0 # Skipped/m.test(output);
      let ended = signal ?? (isSkipped ? 'skipped' : String(code));
      if (expected !== null && signal === null) {
        ended = isExpected(output, expected, path.basename(file)) ? '0' : 'other output';
      }
      resolve({ outcome: late ? 'timeout' : ended, output });
    });
  });
}

module.exports = { killAll, runTest };
