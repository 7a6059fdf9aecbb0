'use strict';

/** How the corpus runs one program: what counts as failed, and that nothing stays behind. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { runProgram } = require('../scripts/corpus/program-run');
const { REGISTER, temporaryFolder } = require('./child');

/**
 * @param {import('node:test').TestContext} t
 * @param {string} source
 * @param {object} [change]  of the options
 */
async function run(t, source, change) {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'program.js');
  fs.writeFileSync(file, source);
  const options = { node: process.execPath, register: REGISTER, env: {}, seconds: 1 };
  return runProgram(file, { ...options, folder: path.join(folder, 'reports'), ...change });
}

test('a program that ends by itself has a report', async (t) => {
  const { failure, reports, warnings } = await run(t, '');
  assert.equal(failure, null);
  assert.equal(reports.length, 1);
  assert.deepEqual(warnings, []);
});

test('the report of the main thread comes before those of its workers and children', async (t) => {
  const { failure, reports } = await run(
    t,
    `const { fork } = require('node:child_process');
    const { Worker, isMainThread } = require('node:worker_threads');
    if (isMainThread && process.argv[2] !== 'child') {
      fork(__filename, ['child']);
      new Worker(__filename);
    }`,
  );
  assert.equal(failure, null);
  assert.equal(reports.length, 3);
  const [main, ...others] = reports;
  assert.equal(main.threadId, 0);
  assert.ok(others.some(({ pid, threadId }) => pid === main.pid && threadId > 0));
  assert.ok(others.some(({ pid }) => pid !== main.pid));
});

test('it is told how long to work and gets no leakguard options but those given', async (t) => {
  process.env.LEAKGUARD_PATIENCE = '4711';
  t.after(() => delete process.env.LEAKGUARD_PATIENCE);
  const { stderr } = await run(
    t,
    'console.error(process.env.CORPUS_SECONDS, process.env.LEAKGUARD_PATIENCE, process.env.LEAKGUARD_LEVEL)',
    { env: { LEAKGUARD_LEVEL: 'counts' } },
  );
  assert.deepEqual(stderr, ['1 undefined counts']);
});

test('a program fails by its exit code, by a signal and by leaving no report', async (t) => {
  assert.equal((await run(t, 'process.exit(3)')).failure, 'ended with 3');
  assert.equal(
    (await run(t, "process.kill(process.pid, 'SIGKILL')")).failure,
    'ended with SIGKILL',
  );
  const silent = await run(t, '', { env: { LEAKGUARD: '0' } });
  assert.equal(silent.failure, 'left no report');
});

test('a report that was cut short is none', async (t) => {
  const { failure, reports } = await run(
    t,
    `const file = process.env.LEAKGUARD_REPORT.replace('%p-%t', 'cut');
    require('node:fs').writeFileSync(file, '{"pid":');`,
  );
  assert.equal(failure, null);
  assert.equal(reports.length, 1);
});

test('a program that runs on is ended with what it has started', { timeout: 60_000 }, async (t) => {
  const { failure, stderr } = await run(
    t,
    `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    console.error(child.pid);
    setInterval(() => {}, 1000);`,
    { seconds: 0, graceMs: 3000 },
  );
  assert.equal(failure, 'still running after 3 s');
  const child = Number(stderr[0]);
  assert.ok(child > 0);
  // Its end was ordered; the system takes its time over it.
  while (isAlive(child)) await sleep(10);
});

test('without leakguard a program must print nothing', async (t) => {
  const bare = { register: null };
  assert.equal((await run(t, '', bare)).failure, null);
  assert.equal((await run(t, "console.log('hello')", bare)).failure, 'printed something');
  assert.equal((await run(t, "console.error('hello')", bare)).failure, 'printed something');
});

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie that nobody has reaped yet has ended all the same.
  const status = `/proc/${pid}/status`;
  return !fs.existsSync(status) || !/^State:\s+Z/m.test(fs.readFileSync(status, 'utf8'));
}
