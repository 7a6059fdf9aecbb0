'use strict';

/** How fast a process allocates, as V8's own profiler of collections tells, and what comes of it. */

const { leakguard, repeat, startQuick } = require('./ticks');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { AllocationRate } = require('../lib/allocation-rate');
const { instance } = require('../lib/instance');

const MEBIBYTE = 1024 * 1024;
const BYTES_OF_A_NUMBER = 8;
const SAMPLE_BYTES = 131_072;

/** @param {number} mebibytes  of arrays, of which the last is kept */
function allocate(mebibytes) {
  /** @type {number[]} */
  let last = [];
  for (let count = 0; count < mebibytes; count += 1) {
    last = new Array(MEBIBYTE / BYTES_OF_A_NUMBER).fill(count + 0.5);
  }
  return last;
}

/** @param {(round: number) => unknown} step  once per tick */
async function distanceAfter(step) {
  await repeat(step, 30);
  return instance().run?.survivors?.distance.bytes;
}

test('what is allocated is measured over two of the first ticks and one in ten, collected or not', () => {
  const rate = new AllocationRate();
  /** @type {number[]} */
  const measured = [];
  let begun = 0;
  for (let tick = 0; tick < 20; tick += 1) {
    const lastedMs = performance.now() - begun;
    const bytesPerMs = rate.tick();
    begun = performance.now();
    if (bytesPerMs !== null) measured.push((bytesPerMs * lastedMs) / MEBIBYTE);
    assert.ok(allocate(64).length > 0);
  }
  rate.stop();
  assert.equal(measured.length, 3);
  for (const mebibytes of measured) assert.ok(mebibytes > 48 && mebibytes < 80, `${mebibytes} MiB`);
});

const RARE = /** @type {const} */ ({
  level: 'survivors',
  survivors: { interval: 60_000, bytes: SAMPLE_BYTES },
});

test('samples of a process that allocates much draw apart before its first round', async (t) => {
  startQuick(t, RARE);
  const distance = await distanceAfter(() => allocate(16));
  assert.ok(Number(distance) > 10 * SAMPLE_BYTES, `${distance} bytes`);
  assert.deepEqual(leakguard.report().notes, []);
});

test('those of one that allocates little stay where they are', async (t) => {
  startQuick(t, RARE);
  assert.equal(await distanceAfter(() => undefined), SAMPLE_BYTES);
});
