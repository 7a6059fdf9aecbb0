'use strict';

/** What watching may cost: the bucket by itself, and what a process does when it is empty. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { cpuMs, now } = require('../lib/clock');
const { loadNative } = require('../lib/native');
const { Rest } = require('../lib/rest');
const { REGISTER, onReferenceOnly, runNode } = require('./child');

test('the threads of a process have one budget, and who ends leaves what it has saved', async () => {
  const { Budget } = loadNative();
  const mine = new Budget(1000, 60_000, 0);
  assert.ok(mine.affords(1200) && !mine.affords(1201));
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const { Budget } = require(workerData).loadNative();
     const budget = new Budget(1000, 60_000, 0);
     budget.pay(600, 0, 0);
     parentPort.once('message', () => {
       budget.pay(0, 10_000, 0);
       budget.end();
       parentPort.postMessage([budget.affords(0), budget.share()]);
     });
     parentPort.postMessage('spent');`,
    { eval: true, workerData: require.resolve('../lib/native') },
  );
  await once(worker, 'message');
  assert.ok(mine.affords(600) && !mine.affords(601));
  worker.postMessage('end');
  assert.deepEqual(await once(worker, 'message'), [[false, 0]]);
  // The half of ten seconds' share.
  assert.ok(mine.affords(700) && !mine.affords(701));
  mine.end();
  await worker.terminate();
});

test('what is waited for does not count as CPU time', () => {
  const start = { cpuMs: cpuMs(), ms: now() };
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  const spent = { cpuMs: cpuMs() - start.cpuMs, ms: now() - start.ms };
  assert.ok(spent.ms >= 190, `${spent.ms}`);
  assert.ok(spent.cpuMs < spent.ms / 2, `${spent.cpuMs} of ${spent.ms}`);
});

test('what is worked for counts as CPU time', () => {
  const start = cpuMs();
  const until = now() + 10_000;
  while (cpuMs() - start < 20) assert.ok(now() < until);
});

const skip = onReferenceOnly;
test('a process in which watching costs too much is watched one level lower, and its report says so', {
  skip,
}, async () => {
  // A heap of many small objects whose full collection takes far more than the budget of a round.
  const code = `
    const leakguard = require(${JSON.stringify(REGISTER.replace('register', 'index'))});
    globalThis.heap = Array.from({ length: 3_000_000 }, (_, index) => ({ index }));
    const timer = setInterval(() => {
      const report = leakguard.report();
      if (report.level === 'survivors' && report.ticks < 2000) return;
      clearInterval(timer);
      console.log(JSON.stringify([report.level, report.notes, report.shims.inspector ?? null]));
    }, 20);`;
  const {
    code: exit,
    stdout,
    stderr,
  } = await runNode(['-e', code], {
    env: {
      LEAKGUARD_LEVEL: 'survivors',
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_SURVIVORS: '10ms',
      NODE_OPTIONS: '',
    },
  });
  assert.equal(exit, 0, stderr);
  const [level, notes, inspector] = JSON.parse(stdout);
  assert.equal(level, 'sites', stderr);
  assert.match(
    notes.join('\n'),
    /level survivors was lowered to sites: it took more than 50 % of one CPU/,
  );
  assert.equal(inspector, null);
  assert.match(stderr, /LEAKGUARD_LIMITED/);
});

test('between two looks at what is dear to ask lie some ticks, and more where a look takes long', () => {
  const ticksAfter = (/** @type {number} */ ms) => {
    const rest = new Rest();
    assert.equal(rest.isOver(), true);
    rest.begin(ms);
    let ticks = 1;
    while (!rest.isOver()) ticks += 1;
    return ticks;
  };
  assert.deepEqual([0, 0.4, 0.6, 5].map(ticksAfter), [4, 4, 5, 14]);
});
