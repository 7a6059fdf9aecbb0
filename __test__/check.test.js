'use strict';

/** `check()`: rounds, near misses, bad input, and what is there afterwards. Scenarios have their own file. */

const { leakguard, lineOf, startQuick } = require('./ticks');
const { EventEmitter } = require('node:events');
const inspector = require('node:inspector');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');
const { runNode, temporaryProject } = require('./child');
const { assertValidReport } = require('./report-schema');

const noop = () => {};

/** Calls with the defaults. */
const WARMUP = 5;
const CALLS = 13;

/** @param {string} method @param {object} [params] @returns {string | undefined} why it failed */
function postOnce(method, params) {
  const session = new inspector.Session();
  session.connect();
  /** @type {Error | null} */
  let failure = null;
  session.post(method, params, (error) => {
    failure = error;
  });
  session.disconnect();
  return /** @type {Error | null} */ (failure)?.message;
}

test('the function is called 5 times, then in 4 rounds of 2, one call after the other', async () => {
  let calls = 0;
  let running = 0;
  const report = await leakguard.check(async () => {
    calls += 1;
    running += 1;
    await null;
    assert.equal(running, 1);
    running -= 1;
  });
  assert.equal(calls, CALLS);
  assert.equal(report.verdict, 'clean', String(report));
  assertValidReport(report);
});

test('as many calls as are asked for', async () => {
  let calls = 0;
  await leakguard.check(() => (calls += 1), { warmup: 1, rounds: 2, loops: 3 });
  assert.equal(calls, 7);
});

test('what every round adds is a leak of the scenario tier, with its rounds, and an error if one wants it', async () => {
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const report = await leakguard.check(() => bus.on('x', () => bus));
  assertValidReport(report);
  const [finding] = report.leaks;
  assert.equal(finding.title, "8 listeners left on EventEmitter 'x'");
  assert.equal(finding.tier, 'scenario');
  assert.deepEqual(finding.evidence, [
    { signal: 'rounds', detail: 'grew by 2, 2, 2, 2 listeners in the rounds' },
  ]);
  assert.throws(
    () => leakguard.assertNoLeaks(report),
    (error) =>
      error instanceof leakguard.LeakError &&
      error instanceof leakguard.LeakguardError &&
      error.code === 'ERR_LEAKGUARD_LEAK' &&
      error.report === report &&
      error.message === String(report).trimEnd(),
  );
});

test('what most rounds add is a suspect that says so, and no error', async () => {
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  let calls = 0;
  const report = await leakguard.check(() => {
    calls += 1;
    if (calls < CALLS) bus.on('x', () => bus);
  });
  assert.equal(report.verdict, 'suspect');
  const finding = report.suspects.find(({ kind }) => kind === 'listeners');
  assert.deepEqual(finding?.evidence, [
    { signal: 'rounds', detail: 'grew by 2, 2, 2, 1 listeners in the rounds' },
    { signal: 'doubt', detail: 'not every round gained as much as it had loops' },
  ]);
  leakguard.assertNoLeaks(report);
});

test('what is added in the warm-up or in one round is not mentioned', async () => {
  const bus = new EventEmitter();
  let calls = 0;
  const report = await leakguard.check(() => {
    calls += 1;
    if (calls <= WARMUP || calls === CALLS) bus.on('x', () => bus);
  });
  assert.deepEqual(report.findings, []);
  assert.equal(report.verdict, 'clean');
});

test('a listener on what the warm-up has made counts', async () => {
  /** @type {EventEmitter | undefined} */
  let bus;
  const report = await leakguard.check(() => {
    bus ??= new EventEmitter().setMaxListeners(0);
    bus.on('x', () => bus);
  });
  assert.deepEqual(
    report.leaks.map(({ title }) => title),
    ["8 listeners left on EventEmitter 'x'"],
  );
});

test('what is followed by name is counted by round', async (t) => {
  startQuick(t, { interval: '1h' });
  /** @type {number[]} */
  const queue = [];
  leakguard.watch('queue', queue);
  const report = await leakguard.check(() => queue.push(1));
  assert.deepEqual(
    report.leaks.map(({ title, evidence }) => [title, evidence[0].detail]),
    [['8 elements left in queue', 'grew by 2, 2, 2, 2 elements in the rounds']],
  );
});

test('an object that should be gone and is not is a leak of every round', async () => {
  /** @type {object[]} */
  const kept = [];
  const report = await leakguard.check(() => {
    const session = {};
    kept.push(session);
    leakguard.expectCollected(session, 'a session');
  });
  assert.deepEqual(report.leaks.map(({ kind }) => kind).sort(), ['objects', 'retained']);
});

test('one closure per call is found among twenty thousand other objects', async () => {
  /** @type {(() => number)[]} */
  const kept = [];
  // The line of the function is what the heap knows.
  const fn = () => {
    const objects = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    const { length } = objects;
    kept.push(() => length);
  };
  const report = await leakguard.check(fn, { loops: 20 });
  assert.deepEqual(
    report.leaks.map(({ kind, site }) => [kind, site?.line]),
    [['objects', lineOf(__filename, 'The line of the function is what the heap knows.') + 1]],
    String(report),
  );
});

for (const [fn, options, message] of /** @type {[any, any, RegExp][]} */ ([
  [undefined, undefined, /check\(\) takes a function .* not undefined/],
  [noop, 3, /check\(\) takes its options as an object, not 3/],
  [noop, null, /check\(\) takes its options as an object, not null/],
  [noop, { rounds: 1 }, /rounds 1 is not accepted; accepted is a whole number from 2 to 100/],
  [noop, { rounds: 101 }, /rounds 101 is not accepted/],
  [noop, { warmup: 0 }, /warmup 0 is not accepted; accepted is a whole number from 1 to 10000/],
  [noop, { loops: 1.5 }, /loops 1\.5 is not accepted/],
  [noop, { loops: '2' }, /loops "2" is not accepted/],
  [noop, { loops: 10_001 }, /loops 10001 is not accepted/],
  [noop, { rouns: 4 }, /unknown option "rouns"; accepted are warmup, rounds and loops/],
])) {
  test(`bad input is named with what is accepted: ${message.source}`, async () => {
    await assert.rejects(leakguard.check(fn, options), { code: 'ERR_LEAKGUARD_OPTION', message });
  });
}

test('the largest and the smallest numbers are accepted', async () => {
  await leakguard.check(noop, { warmup: 1, rounds: 100, loops: 1 });
  await leakguard.check(noop, { warmup: 10_000, rounds: 2, loops: 10_000 });
});

for (const at of [1, 3, WARMUP + 1, CALLS]) {
  test(`an error in call ${at} is the error of the check, and nothing stays behind`, async () => {
    const bare = { Map, init: /** @type {any} */ (EventEmitter).init };
    const error = new TypeError('mine');
    for (const fail of [
      () => {
        throw error;
      },
      () => Promise.reject(error),
    ]) {
      let calls = 0;
      const failing = () => {
        calls += 1;
        return calls === at ? fail() : undefined;
      };
      await assert.rejects(leakguard.check(failing), (thrown) => thrown === error);
      assert.match(String(postOnce('HeapProfiler.getSamplingProfile')), /not/i);
      assert.deepEqual({ Map, init: /** @type {any} */ (EventEmitter).init }, bare);
    }
    assert.equal((await leakguard.check(noop)).verdict, 'clean');
  });
}

test('a check within a check and one beside it are refused, and the first goes on', async () => {
  /** @type {unknown[]} */
  const nested = [];
  const first = leakguard.check(async () => {
    nested.push(await leakguard.check(noop).catch(({ code }) => code));
  });
  await assert.rejects(leakguard.check(noop), {
    code: 'ERR_LEAKGUARD_BUSY',
    message: /one scenario at a time/,
  });
  assert.equal((await first).verdict, 'clean');
  assert.deepEqual(nested, Array(CALLS).fill('ERR_LEAKGUARD_BUSY'));
});

test('a start() or stop() of the function ends the check with an error that says so', async (t) => {
  for (const interrupt of [() => leakguard.stop(), () => leakguard.start({ warn: false })]) {
    startQuick(t);
    await assert.rejects(leakguard.check(interrupt), {
      code: 'ERR_LEAKGUARD_LEVEL',
      message: /interrupted by a start\(\) or stop\(\)/,
    });
  }
});

test('where leakguard is stopped it watches for the time of the check only', async () => {
  leakguard.start({ warn: false });
  leakguard.stop();
  const { on } = EventEmitter.prototype;
  const before = leakguard.report();
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const report = await leakguard.check(() => bus.on('x', () => bus));
  assert.equal(report.leaks.length, 1, String(report));
  assert.equal(EventEmitter.prototype.on, on);
  assert.equal(leakguard.report().startedAt, before.startedAt);
  assert.throws(() => leakguard.mark(), { code: 'ERR_LEAKGUARD_LEVEL' });
});

test('LEAKGUARD=0 does not keep a check from checking', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const leakguard = require('leakguard');
const kept = [];
leakguard.check(() => kept.push(() => kept)).then(({ verdict }) => console.log(verdict));`,
  });
  const { stdout, stderr } = await runNode(['app.js'], { cwd, env: { LEAKGUARD: '0' } });
  assert.deepEqual({ stdout, stderr }, { stdout: 'leak\n', stderr: '' });
});

test('the marks of a test suite go on, and what a check finds is left by the test that ran it', async (t) => {
  startQuick(t, { interval: '1h' });
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const suite = leakguard.mark('suite', { owned: true });
  const one = leakguard.mark('one', { owned: true });
  await one.run(async () => {
    await leakguard.check(() => bus.on('x', () => bus));
    bus.on('y', noop);
  });
  const left = await leakguard.settled({ since: suite });
  assert.deepEqual(
    left.leaks.map(({ owner, marks }) => [owner, marks]),
    [
      ["EventEmitter 'x'", [{ label: 'one', count: CALLS }]],
      ["EventEmitter 'y'", [{ label: 'one', count: 1 }]],
    ],
  );
});

test('of a test that failed, nobody asks what its check has left', async (t) => {
  startQuick(t, { interval: '1h' });
  const bus = new EventEmitter().setMaxListeners(0);
  const suite = leakguard.mark('suite', { owned: true });
  const one = leakguard.mark('one', { owned: true });
  const report = await one.run(() => leakguard.check(() => bus.on('x', () => bus)));
  assert.deepEqual(report.leaks[0].marks, [{ label: 'one', count: 8 }]);
  one.forget();
  assert.deepEqual((await leakguard.settled({ since: suite })).findings, []);
});

test('what a test allows is allowed to the check in it', async (t) => {
  startQuick(t, { interval: '1h' });
  const bus = new EventEmitter().setMaxListeners(0);
  const listener = () => bus;
  const one = leakguard.mark('one', { owned: true });
  const report = await one.run(() => {
    leakguard.allow({ kind: 'listeners' });
    return leakguard.check(() => bus.on('x', listener));
  });
  assert.equal(report.verdict, 'clean', String(report));
  assert.equal(report.findings[0].severity, 'note');
});

test('the heap is sampled as before when a check has ended', async (t) => {
  startQuick(t, { level: 'survivors', interval: '1h' });
  await leakguard.check(noop);
  assert.equal(postOnce('HeapProfiler.getSamplingProfile'), undefined);
  leakguard.stop();
});

test("a heap profiler of the host's is left alone, said in the notes, and the rest is found", async (t) => {
  startQuick(t, { interval: '1h' });
  const session = new inspector.Session();
  session.connect();
  t.after(() => session.disconnect());
  session.post('HeapProfiler.startSampling');
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const report = await leakguard.check(() => bus.on('x', () => bus));
  assert.equal(report.leaks.length, 1);
  assert.match(report.notes.join(), /heap objects are not watched: Error: one of the host/);
  assert.equal(postOnce('HeapProfiler.stopSampling'), undefined);
});

test('a heap profiler that the function ends is said in the notes, and the rest is found', async (t) => {
  startQuick(t, { interval: '1h' });
  const bus = new EventEmitter();
  bus.setMaxListeners(0);
  const report = await leakguard.check(() => {
    postOnce('HeapProfiler.stopSampling');
    bus.on('x', () => bus);
  });
  assert.equal(report.leaks.length, 1);
  assert.match(report.notes.join(), /heap objects were not watched to the end/);
});

const flag = ['--permission', '--experimental-permission'].find((name) =>
  process.allowedNodeEnvironmentFlags.has(name),
);

test('under the permission model the rest is found', { skip: flag === undefined }, async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const leakguard = require('leakguard');
const bus = new (require('node:events').EventEmitter)();
leakguard.check(() => bus.on('x', () => bus)).then(({ leaks, notes }) =>
  console.log(leaks[0].kind, /not watched/.test(notes.join())));`,
  });
  const args = [String(flag), '--allow-fs-read=*', '--allow-addons', '--no-warnings', 'app.js'];
  const { stdout, stderr } = await runNode(args, { cwd });
  if (/bad option/.test(stderr)) return t.skip('no permission for addons in this Node');
  assert.equal(stdout, 'listeners true\n', stderr);
});

test('the collections of a realm stay watched when nothing is recorded any more', async (t) => {
  startQuick(t);
  const realm = vm.runInNewContext('globalThis');
  const { set } = realm.Map.prototype;
  const watch = leakguard.watchRealm(realm);
  t.after(() => watch.stop());
  const { Map: hooked } = realm;
  await leakguard.check(noop);
  assert.equal(realm.Map, hooked);
  assert.notEqual(realm.Map.prototype.set, set);
});
