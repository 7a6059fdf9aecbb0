'use strict';

/** Which samples of the heap are of things that are made again and again. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { repeated } = require('../lib/repetition');

/** Ordinals between two rounds. */
const GAP = 100;

/** @param {number[]} ordinals @param {{ size?: number, nodeId?: number }} [of] */
const born = (ordinals, { size = 64, nodeId = 1 } = {}) =>
  ordinals.map((ordinal) => ({ ordinal, size, nodeId }));

test('what is made in three rounds counts, whole', () => {
  const samples = born([205, 3, 104, 4]);
  assert.deepEqual(new Set(repeated(samples, GAP)), new Set(samples));
});

test('many at once, as of what V8 compiles, do not count', () => {
  assert.deepEqual(repeated(born([1, 2, 3, 4, 5, 250]), GAP), []);
});

test('things of other sizes, or made on other stacks, do not count together', () => {
  const sizes = [64, 72, 80].flatMap((size, round) => born([round * GAP], { size }));
  assert.deepEqual(repeated(sizes, GAP), []);
  const stacks = [1, 2, 3].flatMap((nodeId, round) => born([round * GAP], { nodeId }));
  assert.deepEqual(repeated(stacks, GAP), []);
});

test('where a round passed with no sample, each is of another', () => {
  assert.equal(repeated(born([1, 2, 3]), 0).length, 3);
});
