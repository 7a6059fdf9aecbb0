'use strict';

/** How far apart the heap's samples lie, by what the rounds before have cost. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { SampleDistance } = require('../lib/sample-distance');

/** As many as there should be: of a round, and alive. */
const [TAKEN, LIVE] = [4096, 4096];
const BYTES = 32_768;
const MINUTE_MS = 60_000;

/** @param {{ samples?: number, live?: number }[]} rounds */
function after(rounds) {
  const distance = new SampleDistance(BYTES, MINUTE_MS);
  const changes = rounds.map(({ samples = 0, live = 0 }) => distance.observe({ samples, live }));
  return { bytes: distance.bytes, changes: changes.filter(Boolean).length };
}

const STARTED = [{}, {}];
const SETTLED = [...STARTED, {}, {}];

test('samples stay where they are, however few or many a round has within reason', () => {
  const many = { samples: 2 * TAKEN - 1, live: 2 * LIVE - 1 };
  assert.deepEqual(after([...STARTED, {}, many, {}]), { bytes: BYTES, changes: 0 });
});

test('where twice as many are taken after the start-up they draw apart', () => {
  assert.deepEqual(after([...STARTED, { samples: 3 * TAKEN }]), { bytes: 3 * BYTES, changes: 1 });
});

test('what the start-up takes says nothing, what it leaves does', () => {
  assert.equal(after([{ samples: 80 * TAKEN }]).changes, 0);
  assert.deepEqual(after([{ live: 5 * LIVE }]), { bytes: 5 * BYTES, changes: 1 });
});

test('later they draw apart only where there are eight times as many', () => {
  assert.equal(after([...SETTLED, { samples: 8 * TAKEN - 1, live: 8 * LIVE - 1 }]).changes, 0);
  assert.deepEqual(after([...SETTLED, { samples: 8 * TAKEN }]), { bytes: 8 * BYTES, changes: 1 });
  assert.deepEqual(after([...SETTLED, { live: 9 * LIVE }]), { bytes: 9 * BYTES, changes: 1 });
});

test('they draw apart to 4 MiB and no farther', () => {
  const far = { samples: 1000 * TAKEN };
  assert.deepEqual(after([...STARTED, far, far]), { bytes: 4_194_304, changes: 1 });
});

test('what allocates much twice in a row draws them apart before there was a round', () => {
  const foreseen = (/** @type {number[]} */ rounds) => {
    const distance = new SampleDistance(BYTES, MINUTE_MS);
    return { changed: rounds.map((bytes) => distance.foresee(bytes)), bytes: distance.bytes };
  };
  const much = 3 * TAKEN * BYTES;
  assert.deepEqual(foreseen([much, 0, much]), { changed: [false, false, false], bytes: BYTES });
  assert.deepEqual(foreseen([2 * much, much]), { changed: [false, true], bytes: 3 * BYTES });
  assert.deepEqual(foreseen([TAKEN * BYTES, much]), { changed: [false, false], bytes: BYTES });
});

test('what was foreseen is told at the next round, once, and no round of the start-up', () => {
  const distance = new SampleDistance(BYTES, MINUTE_MS);
  const much = 3 * TAKEN * BYTES;
  distance.foresee(much);
  assert.ok(distance.foresee(much));
  assert.ok(!distance.foresee(0));
  assert.ok(distance.observe({ samples: 0, live: 0 }));
  assert.equal(distance.rounds, 0);
  assert.ok(!distance.observe({ samples: TAKEN, live: 0 }));
});

/** Drawn apart by what was foreseen, and the rounds after it. @param {{ samples?: number, live?: number }[]} rounds */
function afterForesight(rounds) {
  const distance = new SampleDistance(BYTES, MINUTE_MS);
  const much = 64 * TAKEN * BYTES;
  distance.foresee(much);
  distance.foresee(much);
  const changes = [{}, ...rounds].map(({ samples = 0, live = 0 }) =>
    distance.observe({ samples, live }),
  );
  return { bytes: distance.bytes, changes: changes.filter(Boolean).length };
}

test('samples that a start-up alone has drawn apart draw together again, no closer than they began', () => {
  assert.deepEqual(afterForesight([{ samples: TAKEN / 4 }]), { bytes: 16 * BYTES, changes: 2 });
  assert.deepEqual(afterForesight([{}]), { bytes: BYTES, changes: 2 });
  assert.deepEqual(afterForesight([{}, {}]), { bytes: BYTES, changes: 2 });
});

test('they stay apart where half of what there should be is taken or lives, or later', () => {
  const some = { samples: TAKEN / 2 + 1 };
  assert.deepEqual(afterForesight([some, { live: LIVE / 2 + 1 }, some, some, {}]), {
    bytes: 64 * BYTES,
    changes: 1,
  });
});

test('where rounds are closer than a minute twice as many may be taken', () => {
  const distance = new SampleDistance(BYTES, MINUTE_MS - 1);
  for (const samples of [0, 0, 4 * TAKEN - 1]) assert.ok(!distance.observe({ samples, live: 0 }));
  assert.ok(distance.observe({ samples: 4 * TAKEN, live: 0 }));
});
