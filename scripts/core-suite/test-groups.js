'use strict';

/**
 * Which of Node's own tests concern leakguard, in named groups: the families that hold the hooked
 * functions, and their neighbours under other names (the Web's event classes, leaks of primitive
 * timers, domains across ticks). Knows names only.
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
};

const TEST_DIRECTORY = path.join('test', 'parallel');

/**
 * @param {string} name
 * @param {string[]} starts
 */
function isIn(name, starts) {
  return /\.m?js$/.test(name) && starts.some((start) => name.startsWith(start));
}

/**
 * @param {string} root
 * @param {string[]} groups
 * @returns {string[]} paths relative to `root`, sorted, each once
 */
function selectTests(root, groups) {
  const starts = groups.flatMap((group) => GROUPS[/** @type {keyof typeof GROUPS} */ (group)]);
  return fs
    .readdirSync(path.join(root, TEST_DIRECTORY))
    .filter((name) => isIn(name, starts))
    .sort()
    .map((name) => path.join(TEST_DIRECTORY, name));
}

module.exports = { GROUPS, selectTests };
