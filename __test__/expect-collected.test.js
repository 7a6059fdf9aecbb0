'use strict';

/** `expectCollected()`: what should be gone and is not, is told at once; what is gone, never. */

const { collectGarbage, leakguard, lineOf, nextTick, repeat, startQuick } = require('./ticks');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { runNode, ROOT } = require('./child');

/** @type {any} */
const nothing = undefined;
const contracts = () => leakguard.report().findings.filter(({ kind }) => kind === 'retained');

/** Ticks and full collections past every grace. */
async function outliveGrace() {
  await repeat(collectGarbage, 12);
}

test('an object that is still reachable after the grace is a leak of the line that expected it gone', async (t) => {
  startQuick(t);
  const kept = [{ id: 1 }, { id: 2 }];
  function close() {
    for (const session of kept) {
      leakguard.expectCollected(session, 'closed session'); // leak: expected
    }
  }
  close();
  await outliveGrace();
  const [finding] = contracts();
  assert.equal(finding.severity, 'leak');
  assert.equal(finding.tier, 'contract');
  assert.equal(finding.owner, 'closed session');
  assert.equal(finding.count, 2);
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: expected'));
  assert.match(
    finding.evidence[0].detail,
    /^closed session: 2 objects expected gone for .+ and 3 full collections are still reachable$/,
  );
  assert.equal(kept.length, 2);
});

test('the finding is gone once the objects are', async (t) => {
  startQuick(t);
  const kept = [{}];
  leakguard.expectCollected(kept[0], 'late');
  await outliveGrace();
  assert.equal(contracts().length, 1);
  kept.length = 0;
  await outliveGrace();
  assert.deepEqual(contracts(), []);
});

test('an object that is expected after a mark is not kept', async (t) => {
  startQuick(t);
  const since = leakguard.mark();
  const expect = () => {
    const object = {};
    leakguard.expectCollected(object, 'gone');
    return new WeakRef(object);
  };
  const gone = expect();
  await outliveGrace();
  assert.equal(gone.deref(), undefined);
  assert.deepEqual((await leakguard.settled({ since })).findings, []);
});

test('an object that is collected is never told, and not kept', async (t) => {
  startQuick(t);
  for (let index = 0; index < 100; index += 1) leakguard.expectCollected({ index }, 'gone');
  await outliveGrace();
  assert.deepEqual(contracts(), []);
});

test('without collections nothing is known, and nothing is said', async () => {
  const source = `
    const leakguard = require(${JSON.stringify(ROOT)});
    leakguard.start({ interval: 10, warn: true });
    globalThis.kept = {};
    leakguard.expectCollected(globalThis.kept, 'kept');
    const timer = setInterval(() => {
      if (leakguard.report().ticks < 30) return;
      clearInterval(timer);
      console.log(leakguard.report().findings.filter(({ kind }) => kind === 'retained').length);
    }, 10);`;
  const { stdout, stderr } = await runNode(['-e', source]);
  assert.deepEqual([stdout, stderr], ['0\n', '']);
});

test('labels of one function are told apart, and so are functions of one label', async (t) => {
  startQuick(t);
  const kept = [{}, {}, {}];
  for (const [index, label] of ['a', 'b'].entries()) leakguard.expectCollected(kept[index], label);
  const elsewhere = () => leakguard.expectCollected(kept[2], 'b');
  elsewhere();
  await outliveGrace();
  assert.deepEqual(
    contracts()
      .map(({ owner, count }) => [owner, count])
      .sort(),
    [
      ['a', 1],
      ['b', 1],
      ['b', 1],
    ],
  );
  assert.equal(kept.length, 3);
});

for (const [name, object, label] of /** @type {[string, any, any][]} */ ([
  ['undefined', undefined, 'label'],
  ['null', null, 'label'],
  ['a number', 7, 'label'],
  ['a text', 'text', 'label'],
  ['a symbol', Symbol('s'), 'label'],
  ['a bigint', 7n, 'label'],
  ['no label', {}, nothing],
  ['an empty label', {}, ''],
  ['a label that is no text', {}, 7],
])) {
  test(`${name} is refused in words, started or not`, (t) => {
    const isRefusal = { name: 'LeakguardError', code: 'ERR_LEAKGUARD_TARGET' };
    startQuick(t);
    assert.throws(() => leakguard.expectCollected(object, label), isRefusal);
    leakguard.stop();
    assert.throws(() => leakguard.expectCollected(object, label), isRefusal);
  });
}

test('before start and after stop it does nothing', async (t) => {
  leakguard.stop();
  const kept = {};
  leakguard.expectCollected(kept, 'not watched');
  startQuick(t);
  await nextTick();
  assert.deepEqual(contracts(), []);
});

test('the 4,096th object is followed; the next one is said, once, not to be', async () => {
  const source = `
    const leakguard = require(${JSON.stringify(ROOT)});
    const kept = Array.from({ length: 4098 }, () => ({}));
    for (const object of kept.slice(0, 4096)) leakguard.expectCollected(object, 'many');
    process.on('warning', ({ code }) => console.log(code));
    for (const object of kept.slice(4096)) leakguard.expectCollected(object, 'many');`;
  const { stdout } = await runNode(['--no-warnings', '-e', source]);
  assert.equal(stdout, 'LEAKGUARD_METER\n');
});
