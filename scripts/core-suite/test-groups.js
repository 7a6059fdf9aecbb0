'use strict';

/**
 * Which of Node's own tests are run: whole folders of them, or, in named groups, those that concern
 * leakguard most: the families that hold the hooked functions, and their neighbours under other names
 * (the Web's event classes, leaks of primitive timers, domains across ticks). Knows names only.
 */

const fs = require('node:fs');
const path = require('node:path');

/** Group name to the beginnings of its file names. */
const GROUPS = {
  event: [
    ...['test-event-emitter-', 'test-events-', 'test-eventemitter-', 'test-event-on-'],
    ...['test-event-capture-rejections', 'test-stream-event'],
  ],
  eventtarget: [
    ...['test-eventtarget', 'test-event-target', 'test-nodeeventtarget', 'test-whatwg-events-'],
    ...['test-global-customevent', 'test-eventsource', 'test-messageevent'],
  ],
  timers: [
    ...['test-timers', 'test-primitive-timer-leak', 'test-microtask-queue-run-immediate'],
    ...['test-async-hooks-top-level-clearimmediate', 'test-worker-terminate-timers'],
    'test-process-getactiveresources-track-',
  ],
  abort: ['test-abort', 'test-errors-aborterror', 'test-stream-add-abort-signal'],
  domain: ['test-domain-', 'test-next-tick-domain', 'test-crypto-domain'],
  /** Those that have found a fault. */
  regressions: [
    ...['test-fs-read-stream.', 'test-require-delete-array-iterator.', 'test-repl-autocomplete.'],
    'test-permission-fs-internal-module-stat.',
  ],
};

const TESTS = 'test';
/** Whole folders by name. Node's runner gives those of `sequential` the machine to themselves. */
const FOLDERS = ['parallel', 'sequential', 'es-module', 'async-hooks', 'message'];
const ALONE = path.join(TESTS, 'sequential');

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} paths relative to `root`
 */
function testsIn(root, folder) {
  const directory = path.join(root, TESTS, folder);
  // Not every major has all of them.
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory)
    .filter((name) => (folder === 'message' ? /\.m?js$/ : /^test-.*\.m?js$/).test(name))
    .map((name) => path.join(TESTS, folder, name));
}

/**
 * @param {string} root
 * @param {string[]} names  of groups and folders
 * @returns {string[]} paths relative to `root`, sorted, each once
 */
function selectTests(root, names) {
  const starts = names.flatMap((name) => GROUPS[/** @type {keyof typeof GROUPS} */ (name)] ?? []);
  const inGroups = testsIn(root, 'parallel').filter((file) =>
    starts.some((start) => path.basename(file).startsWith(start)),
  );
  const inFolders = FOLDERS.filter((folder) => names.includes(folder)).flatMap((folder) =>
    testsIn(root, folder),
  );
  return [...new Set([...inGroups, ...inFolders])].sort();
}

/** @param {string} file  relative to the root */
const runsAlone = (file) => path.dirname(file) === ALONE;

module.exports = { FOLDERS, GROUPS, runsAlone, selectTests };
