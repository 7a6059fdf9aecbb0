'use strict';

/** Who goes on where V8's heap profile falls silent, on made-up rounds. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Inlining } = require('../lib/inlining');

/** @typedef {import('../lib/heap-profile').Origin} Origin */

const caller = /** @type {Origin} */ ({ key: 'caller', caller: undefined });
const callee = /** @type {Origin} */ ({ key: 'callee', caller });
const stranger = /** @type {Origin} */ ({ key: 'stranger', caller: undefined });

/**
 * Each round is told who allocates in it; everybody who ever did stays in sight.
 * @param {Origin[][]} rounds
 * @param {Record<string, number>} [sizes]  of what they allocate, where it is not 1
 */
function observe(rounds, sizes = {}) {
  const inlining = new Inlining();
  /** @type {Map<string, { origin: Origin, bytes: number, ordinals: number[] }>} */
  const sightings = new Map();
  let ordinal = 0;
  for (const origins of rounds) {
    const before = ordinal;
    for (const origin of origins) {
      const { ordinals } = sightings.get(origin.key) ?? { ordinals: [] };
      ordinal += 1;
      const bytes = (ordinals.length + 1) * (sizes[origin.key] ?? 1);
      sightings.set(origin.key, { origin, bytes, ordinals: [...ordinals, ordinal] });
    }
    inlining.observe(sightings, before);
  }
  return inlining;
}

const times = (/** @type {number} */ count, /** @type {Origin[]} */ ...origins) =>
  Array.from({ length: count }, () => origins);

test('a caller that begins when its function falls silent goes on under its name', () => {
  const inlining = observe([...times(5, callee), ...times(4, caller)]);
  assert.equal(inlining.resolve(caller), callee);
  assert.equal(inlining.resolve(callee), callee);
});

test('a stray sample of the caller long before is no beginning', () => {
  const inlining = observe([[caller], ...times(6, callee), ...times(4, caller)]);
  assert.equal(inlining.resolve(caller), callee);
});

test('a caller that allocates besides its function keeps its own samples', () => {
  const inlining = observe(times(9, caller, callee));
  assert.equal(inlining.resolve(caller), caller);
});

test('a caller that begins long after its function fell silent keeps its own samples', () => {
  const inlining = observe([...times(5, callee), ...times(5, stranger), ...times(5, caller)]);
  assert.equal(inlining.resolve(caller), caller);
});

test('who does not call the function has nothing to do with it', () => {
  const inlining = observe([...times(5, callee), ...times(4, stranger)]);
  assert.equal(inlining.resolve(stranger), stranger);
});

test('two rounds of allocations are no history to go on with, and three are', () => {
  assert.equal(observe([...times(2, callee), ...times(4, caller)]).resolve(caller), caller);
  assert.equal(observe([...times(3, callee), ...times(4, caller)]).resolve(caller), callee);
});

test('of two functions that fall silent at once the one that keeps most goes on', () => {
  const small = /** @type {Origin} */ ({ key: 'small', caller });
  const rounds = [...times(6, small, callee), ...times(4, caller)];
  assert.equal(observe(rounds, { callee: 100 }).resolve(caller), callee);
  assert.equal(observe(rounds, { small: 100 }).resolve(caller), small);
});
