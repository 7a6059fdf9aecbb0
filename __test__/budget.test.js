'use strict';

/** What watching may cost: the bucket by itself, and what a process does when it is empty. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Budget, Rest } = require('../lib/budget');
const { cpuMs, now } = require('../lib/clock');
const { REGISTER, onReferenceOnly, runNode } = require('./child');

const USUAL = { tickMs: 1000, roundMs: 60_000 };

test('at the usual intervals two hundredths of one CPU are granted, saved for a minute', () => {
  const budget = new Budget(USUAL, 0);
  assert.ok(budget.affords(1200));
  assert.ok(!budget.affords(1201));
  budget.spend(1200);
  budget.fill(1000);
  assert.ok(budget.affords(20));
  assert.ok(!budget.affords(21));
  budget.fill(3_600_000);
  assert.ok(!budget.affords(1201));
});

test('who compresses time pays as many times as much, up to half of one CPU', () => {
  const share = (/** @type {ConstructorParameters<typeof Budget>[0]} */ intervals) =>
    new Budget(intervals, 0).share;
  assert.equal(share(USUAL), 0.02);
  assert.equal(share({ tickMs: 10_000, roundMs: null }), 0.02);
  assert.equal(share({ tickMs: 100, roundMs: 60_000 }), 0.2);
  assert.equal(share({ tickMs: 1000, roundMs: 6000 }), 0.2);
  assert.equal(share({ tickMs: 10, roundMs: null }), 0.5);
});

test('a clock that was set back fills nothing and takes nothing', () => {
  const budget = new Budget(USUAL, 10_000);
  budget.spend(1200);
  budget.fill(5000);
  assert.ok(budget.affords(0));
  assert.ok(!budget.affords(1));
  budget.fill(6000);
  assert.ok(budget.affords(20));
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
