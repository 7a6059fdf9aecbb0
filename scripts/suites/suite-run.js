'use strict';

/**
 * Runs a suite of `__test__/fixtures/suites` under a test runner with its adapter, and reads who was
 * blamed from what the runner prints.
 */

const { spawn } = require('node:child_process');
const path = require('node:path');
const { ROOT, bareEnvironment, nodeBinary } = require('../setup');

const FOLDER = '__test__/fixtures/suites';
const MAJORS = /** @type {const} */ (['current', 'previous', 'unsupported']);
/** Those that have packages of their own: the runners, at each of these majors. */
const SUITE_FOLDERS = MAJORS.map((major) => `${FOLDER}/${major}`);

const adapter = (/** @type {string} */ name) => path.join(ROOT, 'lib/adapters', name);

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {typeof MAJORS[number]} major  whose packages it is of
 * @property {(suite: string) => string[]} argsOf  of Node.js, in the folder of its packages
 * @property {boolean} concurrent  whether it can run the tests of a file at the same time
 * @property {number} [from]  first major of Node.js that it supports
 */

/** @param {Runner['major']} major @returns {Runner[]} */
const installed = (major) => [
  {
    name: 'mocha',
    major,
    argsOf: (suite) => [
      // Up to version 9 without an extension.
      `node_modules/mocha/bin/mocha${major === 'unsupported' ? '' : '.js'}`,
      ...['--exit', '--require', adapter('mocha.js')],
      `../${suite}.mocha.js`,
    ],
    concurrent: false,
  },
  {
    name: 'vitest',
    major,
    argsOf: (suite) => [
      ...['node_modules/vitest/vitest.mjs', 'run', '--root', '..', '--config', 'vitest.config.mjs'],
      `${suite}.vitest.mjs`,
    ],
    concurrent: true,
    from: major === 'current' ? 22 : 20,
  },
  {
    name: 'jest',
    major,
    argsOf: (suite) => [
      ...['node_modules/jest/bin/jest.js', '--ci', '--forceExit', '--rootDir', '..'],
      ...['--testMatch', `**/${suite}.jest.js`, '--env', adapter('jest.js')],
    ],
    concurrent: true,
  },
];

/** @type {Runner[]} */
const RUNNERS = [
  {
    name: 'node:test',
    major: 'current',
    argsOf: (suite) => [
      ...['--test-force-exit', '--require', adapter('node-test.js')],
      `../${suite}.node-test.js`,
    ],
    concurrent: true,
  },
  ...installed('current'),
  ...installed('previous'),
];

/** Too old for their adapters. */
const UNSUPPORTED = installed('unsupported').filter(({ name }) => name !== 'jest');

/**
 * The tests that the leaks of a report, as text, were left by.
 * @param {string} text
 * @returns {Set<string>} names within the suite
 */
function blamedIn(text) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const block of text.split(/^(?=\s*(?:LEAK|suspect|note|memory) )/m)) {
    if (!/^\s*LEAK /.test(block)) continue;
    for (const [, name] of block.matchAll(/seeded > ([a-z0-9 ]+?) \(\d+\)/g)) names.add(name);
  }
  return names;
}

/**
 * @param {Runner} runner
 * @param {string} suite  the first part of its files' names
 * @param {object} options
 * @param {string} options.node  major version
 * @param {boolean} options.concurrent
 * @param {string[]} [options.more]  arguments of the runner
 * @param {NodeJS.ProcessEnv} [options.env]
 * @returns {Promise<{ code: number | null, blamed: Set<string>, output: string }>}
 */
function runSuite({ argsOf, major }, suite, { node, concurrent, more = [], env = {} }) {
  const child = spawn(nodeBinary(node), [...argsOf(suite), ...more], {
    cwd: path.join(ROOT, FOLDER, major),
    env: {
      ...bareEnvironment(),
      CONCURRENT: concurrent ? '1' : '0',
      // What runs us may be node:test too, and would take the child for one of its files.
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, blamed: blamedIn(output), output }));
  });
}

exports.RUNNERS = RUNNERS;
exports.SUITE_FOLDERS = SUITE_FOLDERS;
exports.UNSUPPORTED = UNSUPPORTED;
exports.runSuite = runSuite;
