'use strict';

/**
 * Map and Set without naming them: unbounded ones are found with the line that fills them; big,
 * bounded, churning and short-lived ones are left alone.
 */

const { expectHealthy, leakguard, lineOf, repeat, startQuick, untilLeak } = require('./ticks');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { installLibrary } = require('./fixtures/library');

/** @param {import('..').Finding} finding */
const isCollections = ({ kind }) => kind === 'collections';

test('a Map that only grows is a leak of the line that fills it', async (t) => {
  startQuick(t);
  const cache = new Map();
  const finding = await untilLeak(function remember(round) {
    for (let count = 0; count < 20; count += 1) {
      cache.set(`key ${round} ${count}`, { round }); // leak: map
    }
  }, isCollections);
  assert.equal(finding.what, 'Map');
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: map'));
  assert.equal(finding.site?.function, 'remember');
  assert.equal(finding.count, cache.size);
  assert.match(finding.advice, /lru-cache|TTL|WeakMap/);
});

test('a Set that only grows is a leak of the line that fills it', async (t) => {
  startQuick(t);
  const seen = new Set();
  const finding = await untilLeak(function see(round) {
    for (let count = 0; count < 20; count += 1) {
      seen.add(round * 100 + count); // leak: set
    }
  }, isCollections);
  assert.equal(finding.what, 'Set');
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: set'));
  assert.equal(finding.count, seen.size);
});

/** @type {Record<string, (round: number, count: number) => unknown>} */
const KEYS = {
  objects: () => ({}),
  symbols: () => Symbol('key'),
  'long texts': (round, count) => `${round} ${count} ${'x'.repeat(1000)}`,
  numbers: (round, count) => round * 1000 + count,
};
for (const [name, makeKey] of Object.entries(KEYS)) {
  test(`keys that are ${name} are followed`, async (t) => {
    startQuick(t);
    const cache = new Map();
    const finding = await untilLeak((round) => {
      for (let count = 0; count < 20; count += 1) cache.set(makeKey(round, count), count); // leak: keys
    }, isCollections);
    assert.equal(finding.site?.line, lineOf(__filename, 'leak: keys'));
  });
}

test('a subclass of Map is followed', async (t) => {
  startQuick(t);
  class Registry extends Map {}
  const registry = new Registry();
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 20; count += 1) registry.set(`${round} ${count}`, 1);
  }, isCollections);
  assert.equal(finding.count, registry.size);
});

test('a cache inside a package names the package and the application', async (t) => {
  startQuick(t);
  const { file, library } = installLibrary(t);
  const finding = await untilLeak(function handleRequest() {
    for (let count = 0; count < 20; count += 1) {
      library.remember({ count }); // calls: remember
    }
  }, isCollections);
  assert.equal(finding.site?.package, 'greedy-library');
  assert.equal(finding.site?.line, lineOf(file, 'leak: entry'));
  assert.equal(finding.site?.app?.line, lineOf(__filename, 'calls: remember'));
  assert.equal(finding.site?.app?.function, 'handleRequest');
});

test('a static Map of 100,000 entries and a bounded cache are not accused beside a leak', async (t) => {
  startQuick(t);
  const table = new Map(Array.from({ length: 100_000 }, (_, index) => [index, index]));
  const bounded = new Map();
  const leaking = new Map();
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 50; count += 1) {
      leaking.set(`${round} ${count}`, 1); // leak: beside
      bounded.set(`${round} ${count}`, 1);
      if (bounded.size > 500) bounded.delete(bounded.keys().next().value);
      table.set(count, round);
    }
  }, isCollections);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: beside'));
  assert.deepEqual(
    leakguard
      .report()
      .leaks.filter(isCollections)
      .map(({ site }) => site?.line),
    [lineOf(__filename, 'leak: beside')],
  );
});

test('an entry written again and again is not an addition', async (t) => {
  startQuick(t);
  const counters = new Map(Array.from({ length: 500 }, (_, index) => [index, 0]));
  await expectHealthy((round) => {
    for (let index = 0; index < 500; index += 1) counters.set(index, round);
  }, isCollections);
});

test('a cache bounded by count that churns is healthy', async (t) => {
  startQuick(t);
  const cache = new Map();
  await expectHealthy((round) => {
    for (let count = 0; count < 100; count += 1) {
      cache.set(`${round} ${count}`, 1);
      if (cache.size > 1000) cache.delete(cache.keys().next().value);
    }
  }, isCollections);
});

test('a cache with a time to live is healthy', async (t) => {
  startQuick(t);
  const cache = new Map();
  await expectHealthy((round) => {
    for (let count = 0; count < 100; count += 1) cache.set(`${round} ${count}`, round);
    for (const [key, born] of cache) if (born < round - 10) cache.delete(key);
  }, isCollections);
});

test('a collection that is cleared now and then is healthy', async (t) => {
  startQuick(t);
  const batch = new Set();
  await expectHealthy((round) => {
    for (let count = 0; count < 60; count += 1) batch.add(`${round} ${count}`);
    if (round % 10 === 9) batch.clear();
  }, isCollections);
});

test('big collections that come and go are healthy', async (t) => {
  startQuick(t);
  await expectHealthy(() => {
    const passing = new Map();
    for (let count = 0; count < 2000; count += 1) passing.set(count, count);
  }, isCollections);
});

test('one big step is healthy', async (t) => {
  startQuick(t);
  const table = new Map();
  await expectHealthy((round) => {
    if (round === 30) for (let count = 0; count < 5000; count += 1) table.set(count, count);
  }, isCollections);
});

test('a leak that is cleared recovers', async (t) => {
  startQuick(t);
  const cache = new Map();
  await untilLeak((round) => {
    for (let count = 0; count < 20; count += 1) cache.set(`${round} ${count}`, 1);
  }, isCollections);
  cache.clear();
  await repeat(() => {}, 40);
  assert.deepEqual(leakguard.report().findings.filter(isCollections), []);
});
