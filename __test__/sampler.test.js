'use strict';

/** How calls over a threshold are chosen to be looked at, and how samples are thinned. */

const assert = require('node:assert');
const test = require('node:test');
const { Sampler, thin } = require('../lib/sampler');

const LIMITS = { threshold: 16, attention: 4, stride: 8 };

/**
 * The fast path as shims write it.
 * @param {Sampler} sampler
 * @param {number} calls
 * @returns {number[]} the weight of each look
 */
function lookAt(sampler, calls) {
  const weights = [];
  for (let i = 0; i < calls; i += 1) {
    if (20 >= sampler.threshold && --sampler.skip < 0) weights.push(sampler.next());
  }
  return weights;
}

/** @param {Sampler} sampler */
function opened(sampler) {
  sampler.open();
  return sampler;
}

test('a closed sampler looks at nothing', () => {
  const sampler = new Sampler(() => LIMITS);
  assert.deepEqual(lookAt(sampler, 1000), []);
  sampler.open();
  sampler.close();
  assert.deepEqual(lookAt(sampler, 1000), []);
});

test('a closed sampler grants nothing', () => {
  const sampler = new Sampler(() => LIMITS);
  sampler.grant(100);
  sampler.tick();
  assert.deepEqual(lookAt(sampler, 1000), []);
});

test('the first calls of a tick are looked at one by one', () => {
  const sampler = opened(new Sampler(() => LIMITS));
  assert.deepEqual(lookAt(sampler, 4), [1, 1, 1, 1]);
  lookAt(sampler, 500);
  sampler.tick();
  assert.deepEqual(lookAt(sampler, 4), [1, 1, 1, 1]);
});

test('looks get rarer the hotter a tick is, down to a 128th of the stride', () => {
  const sampler = opened(new Sampler(() => LIMITS));
  const weights = lookAt(sampler, 100_000);
  for (const doubled of [8, 16, 32, 64, 128, 256, 512, 1024])
    assert.ok(weights.includes(doubled), `${doubled}`);
  assert.equal(weights.at(-1), 1024);
});

test('the weights of the looks add up to the calls', () => {
  const sampler = opened(new Sampler(() => LIMITS));
  const calls = 10_000_000;
  const sum = lookAt(sampler, calls).reduce((total, weight) => total + weight, 0);
  // 9,800 looks at random distances: three standard deviations are under 2 %.
  assert.ok(Math.abs(sum - calls) < 0.03 * calls, `${sum} for ${calls}`);
});

test('two callers that take turns are both met', () => {
  const sampler = opened(new Sampler(() => ({ threshold: 16, attention: 0, stride: 8 })));
  const met = [0, 0];
  for (let i = 0; i < 100_000; i += 1) {
    if (--sampler.skip < 0) {
      sampler.next();
      met[i % 2] += 1;
    }
  }
  assert.ok(Math.min(...met) > 0.4 * (met[0] + met[1]), `${met}`);
});

test('limits are read anew at every opening', () => {
  let threshold = 16;
  const sampler = new Sampler(() => ({ ...LIMITS, threshold }));
  sampler.open();
  assert.equal(sampler.threshold, 16);
  threshold = 64;
  sampler.open();
  assert.equal(sampler.threshold, 64);
});

test('thinned samples are half as many and stand for as much', () => {
  const samples = Array.from({ length: 48 }, () => ({ weight: 3 }));
  const kept = thin(samples);
  assert.equal(kept.length, 24);
  assert.equal(
    kept.reduce((total, { weight }) => total + weight, 0),
    144,
  );
});

test('an odd sample out stays and stands for two', () => {
  assert.deepEqual(thin([{ weight: 5 }]), [{ weight: 10 }]);
});

test('thinning prefers neither the older nor the newer of two', () => {
  let older = 0;
  for (let i = 0; i < 1000; i += 1) {
    const [kept] = thin([
      { age: 'older', weight: 1 },
      { age: 'newer', weight: 1 },
    ]);
    if (kept.age === 'older') older += 1;
  }
  // A fair coin leaves this range once in 10^9 runs.
  assert.ok(older > 400 && older < 600, `${older} of 1,000`);
});
