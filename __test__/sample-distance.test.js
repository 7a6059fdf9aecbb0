'use strict';

/** How far apart the heap's samples lie, by what the rounds before have cost. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { SampleDistance } = require('../lib/sample-distance');

const SETTINGS = { bytes: 262_144, closest: 32_768 };
/** Samples of a round. */
const AFFORDED = 8192;

/**
 * @param {number[]} rounds  samples of each
 * @param {{ settings?: typeof SETTINGS, growth?: number }} [given]  bytes that stay, per round
 */
function after(rounds, { settings = SETTINGS, growth = 0 } = {}) {
  const distance = new SampleDistance(settings);
  let [liveBytes, changes] = [0, 0];
  for (const samples of rounds) {
    liveBytes += growth;
    if (!distance.observe({ samples, liveBytes })) continue;
    changes += 1;
    liveBytes = 0;
  }
  return { bytes: distance.bytes, changes };
}

test('where little is allocated the samples come closer once, after the start-up', () => {
  assert.deepEqual(after([AFFORDED]), { bytes: 262_144, changes: 0 });
  assert.deepEqual(after([AFFORDED, 0]), { bytes: 32_768, changes: 1 });
  assert.deepEqual(after([AFFORDED, 0, 0, 0, 0]), { bytes: 32_768, changes: 1 });
});

test('they come no closer than what is allocated lets them', () => {
  // The nearest power of two: half of the way to it is a factor of 1.4.
  assert.equal(after([0, AFFORDED / 3]).bytes, 65_536);
  assert.equal(after([0, AFFORDED * 0.4]).bytes, 131_072);
  assert.equal(after([0, AFFORDED * 0.9]).bytes, 262_144);
});

test('they come closer once more where the start-up was not over yet, and not later', () => {
  assert.deepEqual(after([0, AFFORDED / 2, AFFORDED / 4]), { bytes: 65_536, changes: 2 });
  assert.deepEqual(after([0, AFFORDED / 2, AFFORDED * 0.3]), { bytes: 131_072, changes: 1 });
  assert.deepEqual(after([0, AFFORDED, AFFORDED, AFFORDED / 8]), { bytes: 262_144, changes: 0 });
});

test('where much stays they draw apart again, though no farther than at first', () => {
  // 30 rounds of 20 MB are 8,000 samples of 75,000 bytes.
  assert.deepEqual(after([0, 0, 0], { growth: 20_000_000 }), { bytes: 65_536, changes: 2 });
  assert.equal(after([0, 0, 0], { growth: 400_000_000 }).bytes, 262_144);
  assert.equal(after([0, 0, 0], { growth: 10_000_000 }).bytes, 32_768);
  assert.equal(after([0, 0, 0], { growth: -20_000_000 }).bytes, 32_768);
});

test('samples that cost much more than they may draw apart', () => {
  assert.equal(after([0, AFFORDED * 3]).bytes, 1_048_576);
  assert.deepEqual(after([0, AFFORDED * 0.9, AFFORDED, AFFORDED * 7]), {
    bytes: 262_144,
    changes: 0,
  });
  assert.deepEqual(after([0, AFFORDED * 0.9, AFFORDED, AFFORDED * 9]), {
    bytes: 2_097_152,
    changes: 1,
  });
});

test('a distance that was asked for comes no closer', () => {
  assert.equal(
    after([0, 0, 0], { settings: { ...SETTINGS, closest: SETTINGS.bytes } }).bytes,
    262_144,
  );
});
