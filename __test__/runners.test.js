'use strict';

/**
 * Test runners and npm under `NODE_OPTIONS=--require leakguard/register`, in all the processes and
 * workers that they start: same output but for times, same exit codes.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { FIXTURES, REGISTER, onReferenceOnly, runCommand, temporaryFolder } = require('./child');

const cwd = path.join(FIXTURES, 'runners');

/** Neither colours nor a width that depends on who looks. */
const PLAIN = { NO_COLOR: '1', FORCE_COLOR: '0', CI: '1', COLUMNS: '100' };

/**
 * Output with every time taken out.
 * @param {string} text
 */
function withoutTimes(text) {
  return text
    .replace(/\d+:\d+:\d+/g, 'CLOCK')
    .replace(/\(?\d+(?:\.\d+)?\s?(?:ms|s)\b\)?/g, 'TIME')
    .replace(/, estimated TIME/g, '')
    .replace(/^ *Duration .*$/gm, 'DURATION')
    .replace(/ +(?:TIME)?$/gm, '')
    .replace(/(?:^(?:PASS|FAIL) .*\n)+/gm, sortLines);
}

/**
 * Two workers end in any order.
 * @param {string} block
 */
function sortLines(block) {
  return `${block.trimEnd().split('\n').sort().join('\n')}\n`;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function outcomeOf(command, args, env) {
  const { code, signal, stdout, stderr } = await runCommand(command, args, {
    cwd,
    env: { ...PLAIN, ...env },
  });
  return { code, signal, stdout: withoutTimes(stdout), stderr: withoutTimes(stderr) };
}

/** @type {[command: string, args: string[], code: number, printed: RegExp][]} */
const COMMANDS = [
  ['npm', ['--version'], 0, /^\d+\.\d+\.\d+/],
  ['npx', ['mocha', 'mocha/pass.spec.js'], 0, /3 passing/],
  ['npx', ['mocha', 'mocha/fail.spec.js'], 1, /1 failing/],
  [
    'npx',
    ['mocha', '--parallel', 'mocha/pass.spec.js', 'mocha/fail.spec.js'],
    1,
    /4 passing[\s\S]*1 failing/,
  ],
  ['npx', ['vitest', 'run', 'vitest/pass'], 0, /3 passed/],
  ['npx', ['vitest', 'run', 'vitest/fail'], 1, /1 failed/],
  ['npx', ['vitest', 'run', '--pool=threads', 'vitest/pass'], 0, /3 passed/],
  ['npx', ['jest', 'pass'], 0, /3 passed/],
  ['npx', ['jest', 'fail'], 1, /1 failed/],
  ['npx', ['jest', 'fake-timers'], 0, /1 passed/],
  ['npx', ['jest', '--workerThreads', '--maxWorkers=2', 'pass', 'fake'], 0, /4 passed/],
  ['npx', ['jest', '--detectOpenHandles', 'pass'], 0, /3 passed/],
];

/** Runners of which a command was tested already: on other versions of Node.js one is enough. @type {string[]} */
const seen = [];
for (const [command, args, code, printed] of COMMANDS) {
  const skip = seen.includes(args[0]) && onReferenceOnly;
  seen.push(args[0]);
  test(`${[command, ...args].join(' ')} behaves as without leakguard`, { skip }, async (t) => {
    if (!fs.existsSync(path.join(cwd, 'node_modules'))) return t.skip('not installed: npm ci');
    const bare = await outcomeOf(command, args, {});
    assert.equal(bare.code, code, bare.stdout + bare.stderr);
    assert.match(bare.stdout + bare.stderr, printed);
    const folder = temporaryFolder(t);
    const watched = await outcomeOf(command, args, {
      NODE_OPTIONS: `--require "${REGISTER}"`,
      LEAKGUARD_REPORT: path.join(folder, '%p-%t.json'),
    });
    assert.deepEqual(watched, bare);
    assert.notEqual(fs.readdirSync(folder).length, 0, 'some process was watched');
  });
}
