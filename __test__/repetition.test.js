'use strict';

/** Which samples of the heap are of things that are made again and again. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Repetition } = require('../lib/repetition');

/** @param {Sample[]} samples @param {number[]} ends  of rounds */
function repeated(samples, ends = [100, 200, 300]) {
  const repetition = new Repetition();
  for (const end of ends) repetition.endRound(end);
  return repetition.repeated(samples, (nodeId) => (nodeId < 10 ? 'fill' : 'parse'), 1000);
}

/** @typedef {import('../lib/heap-profile').Sample} Sample */

/** @param {number[]} ordinals @param {{ size?: number, nodeId?: number }} [of] */
const born = (ordinals, { size = 64, nodeId = 1 } = {}) =>
  ordinals.map((ordinal) => ({ ordinal, size, nodeId }));

test('what is made in three rounds counts, whole', () => {
  const samples = born([205, 3, 100, 101, 4]);
  assert.deepEqual(new Set(repeated(samples)), new Set(samples));
});

test('many at once, as of what V8 compiles, do not count', () => {
  assert.deepEqual(repeated(born([1, 2, 3, 4, 100, 250])), []);
});

test('things of other sizes, or made on other stacks, do not count together', () => {
  const sizes = [64, 72, 80].flatMap((size, round) => born([round * 100 + 1], { size }));
  assert.deepEqual(repeated(sizes), []);
  const stacks = [1, 2, 3].flatMap((nodeId, round) => born([round * 100 + 1], { nodeId }));
  assert.deepEqual(repeated(stacks), []);
});

test('a function that makes something again and again counts with all that it has made', () => {
  const filled = born([1, 2, 3], { nodeId: 1 });
  const renewed = born([4, 105, 206], { nodeId: 2, size: 96 });
  const others = born([5, 106], { nodeId: 10, size: 96 });
  assert.deepEqual(repeated([...filled, ...renewed, ...others]), [...filled, ...renewed]);
});

test('a table that has doubled counts for little beside what it holds', () => {
  const held = born([3, 104, 205], { size: 64 });
  const large = born([6, 107, 208], { size: 5000, nodeId: 2 });
  const [table] = born([206], { size: 8192 });
  const counted = repeated([...held, ...large, table]);
  assert.deepEqual(counted, [...held, ...large, { ...table, size: 1000 }]);
});

test('a round in which a hundred times as much was made takes nothing from the others', () => {
  const samples = born([3, 104, 205]);
  assert.equal(repeated(samples, [100, 200, 300, 30_000]).length, 3);
});

test('rounds without a sample are none, and a day of rounds is kept in few', () => {
  assert.deepEqual(repeated(born([1, 2, 3]), [3, 3, 3]), []);
  const ends = Array.from({ length: 1440 }, (_, index) => 100 * (index + 1));
  assert.equal(repeated(born([1, 72_000, 143_999]), ends).length, 3);
  assert.deepEqual(repeated(born([143_998, 143_999, 144_000]), ends), []);
});
