'use strict';

/** Pending promises, by the line that makes them: those that stay are found, work in flight is not. */

const {
  collectGarbage,
  expectHealthy,
  leakguard,
  lineOf,
  repeat,
  startQuick,
  untilLeak,
} = require('./ticks');
const assert = require('node:assert/strict');
const { test } = require('node:test');

const QUICK = { promises: true, floors: { promises: 8 } };
/** @param {import('..').Finding} finding */
const isPromises = ({ kind }) => kind === 'promises';

/** @type {[name: string, pend: () => Promise<unknown>, marker: string][]} */
const PENDING = [
  [
    'new Promise',
    () => new Promise(() => {}), // leak: new Promise
    'leak: new Promise',
  ],
  [
    'then on a promise that never settles',
    () => never.then(() => {}), // leak: then
    'leak: then',
  ],
];
const never = new Promise(() => {});

for (const [name, pend, marker] of PENDING) {
  test(`${name}, kept and never settled, is a leak of the line that makes it`, async (t) => {
    /** @type {Promise<unknown>[]} */
    const kept = [];
    startQuick(t, QUICK);
    const finding = await untilLeak(async () => {
      for (let count = 0; count < 4; count += 1) kept.push(pend());
      await collectGarbage();
    }, isPromises);
    assert.equal(finding.what, 'promise');
    assert.equal(finding.site?.file, __filename);
    assert.equal(finding.site?.line, lineOf(__filename, marker));
    assert.ok(kept.length > 8);
  });
}

test('promises that settle, and pending ones that nobody keeps, are healthy', async (t) => {
  startQuick(t, QUICK);
  await expectHealthy(async () => {
    for (let count = 0; count < 50; count += 1) await Promise.resolve(count);
    for (let count = 0; count < 50; count += 1) new Promise(() => {});
    await collectGarbage();
  }, isPromises);
});

test('nothing of the host is run when a promise is asked, and a rejection stays unhandled', async (t) => {
  startQuick(t, QUICK);
  class Own extends Promise {
    get [Symbol.toStringTag]() {
      return assert.fail('code of the host was run');
    }
  }
  const kept = Array.from({ length: 20 }, () => new Own(() => {}));
  await repeat(collectGarbage, 10);
  assert.deepEqual(leakguard.report().findings.filter(isPromises), []);
  assert.equal(kept.length, 20);
});

test('promises are not hooked unless asked', async (t) => {
  startQuick(t, { floors: { promises: 8 } });
  /** @type {Promise<unknown>[]} */
  const kept = [];
  await repeat(async () => {
    for (let count = 0; count < 4; count += 1) kept.push(new Promise(() => {}));
    await collectGarbage();
  }, 30);
  assert.deepEqual(leakguard.report().findings.filter(isPromises), []);
});
