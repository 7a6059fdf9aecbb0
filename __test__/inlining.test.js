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
  /** @type {Map<string, import('../lib/inlining').Seen>} */
  const sightings = new Map();
  for (const origins of rounds) {
    for (const seen of sightings.values()) seen.freshBytes = 0;
    for (const origin of origins) {
      const freshBytes = sizes[origin.key] ?? 1;
      const { bytes } = sightings.get(origin.key) ?? { bytes: 0 };
      sightings.set(origin.key, { origin, bytes: bytes + freshBytes, freshBytes });
    }
    inlining.observe(sightings);
  }
  return inlining;
}

const times = (/** @type {number} */ count, /** @type {Origin[]} */ ...origins) =>
  Array.from({ length: count }, () => origins);

test('a caller that begins when its function falls silent goes on under its name', () => {
  const inlining = observe([...times(5, callee), ...times(4, caller)]);
  assert.equal(inlining.resolve(caller).origin, callee);
  assert.equal(inlining.resolve(callee).origin, callee);
});

test('a stray sample of the caller long before is no beginning', () => {
  const inlining = observe([[caller], ...times(6, callee), ...times(4, caller)]);
  assert.equal(inlining.resolve(caller).origin, callee);
});

test('a caller that allocates besides its function keeps its own samples', () => {
  const inlining = observe(times(9, caller, callee));
  assert.equal(inlining.resolve(caller).origin, caller);
});

/**
 * Tells of rounds in which each of these leaves so many bytes.
 * @param {Inlining} inlining
 * @param {number} count
 * @param {[Origin, number][]} left
 */
function leave(inlining, count, ...left) {
  const seen = left.map(([origin, freshBytes]) => ({ origin, bytes: 100, freshBytes }));
  const sightings = new Map(seen.map((one) => [one.origin.key, one]));
  for (let round = 0; round < count; round += 1) inlining.observe(sightings);
}

test('a caller that allocates a little besides begins when it allocates much more', () => {
  const inlining = new Inlining();
  leave(inlining, 6, [caller, 1], [callee, 10]);
  leave(inlining, 4, [caller, 11], [callee, 0]);
  assert.equal(inlining.resolve(caller).origin, callee);
});

test('a caller may go on for a second function, which was inlined later', () => {
  const other = /** @type {Origin} */ ({ key: 'other', caller });
  const inlining = new Inlining();
  leave(inlining, 6, [caller, 0], [callee, 1], [other, 100]);
  leave(inlining, 4, [caller, 1], [callee, 0], [other, 100]);
  assert.equal(inlining.resolve(caller).origin, callee);
  leave(inlining, 4, [caller, 101], [callee, 0], [other, 0]);
  assert.equal(inlining.resolve(caller).origin, other);
});

test('a caller that begins long after its function fell silent keeps its own samples', () => {
  const inlining = observe([...times(5, callee), ...times(5, stranger), ...times(5, caller)]);
  assert.equal(inlining.resolve(caller).origin, caller);
});

test('who does not call the function has nothing to do with it', () => {
  const inlining = observe([...times(5, callee), ...times(4, stranger)]);
  assert.equal(inlining.resolve(stranger).origin, stranger);
});

test('two rounds of allocations are no history to go on with, and three are', () => {
  assert.equal(observe([...times(2, callee), ...times(4, caller)]).resolve(caller).origin, caller);
  assert.equal(observe([...times(3, callee), ...times(4, caller)]).resolve(caller).origin, callee);
});

test('of two functions that fall silent at once the one that keeps most goes on', () => {
  const small = /** @type {Origin} */ ({ key: 'small', caller });
  const rounds = [...times(6, small, callee), ...times(4, caller)];
  assert.equal(observe(rounds, { callee: 100 }).resolve(caller).origin, callee);
  assert.equal(observe(rounds, { small: 100 }).resolve(caller).origin, small);
});

test('a caller whose rounds leave more than the function left counts for as much as that', () => {
  const rounds = [...times(6, callee), ...times(4, caller)];
  assert.equal(observe(rounds, { caller: 5 }).resolve(caller).share, 0.2);
  assert.equal(observe(rounds).resolve(caller).share, 1);
  assert.equal(observe(rounds, { callee: 5 }).resolve(caller).share, 1);
  assert.equal(observe(rounds, { caller: 5 }).resolve(callee).share, 1);
});
