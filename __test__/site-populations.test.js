'use strict';

/** Timers by the line that makes them: exact below the pool's size, unbiased and bounded above it. */

const assert = require('node:assert');
const { mock, test } = require('node:test');
const { CallSites } = require('../lib/call-site');
const { loadNative } = require('../lib/native');
const { SitePopulations } = require('../lib/site-populations');
const { Slots } = require('../lib/slots');

const CAPACITY = 64;
const FLOOR = 16;
const PATIENCE = 10;

/** @param {import('../lib/call-site').CallSites | null} [sites] */
function populations(sites = null) {
  const { Engine } = loadNative();
  const settings = { patienceTicks: PATIENCE, intervalMs: 10, startedAtMs: 0 };
  const slots = new Slots(
    new Engine(JSON.stringify({ capacity: CAPACITY, ...settings })),
    CAPACITY,
    PATIENCE,
  );
  return { slots, timers: new SitePopulations({ kind: 'timers', slots, sites }) };
}

/**
 * @param {SitePopulations} timers
 * @param {number} count
 * @param {number} [weight]  things that each stands for
 */
function make(timers, count, weight = 1) {
  const isLive = (/** @type {{ live: boolean }} */ target) => target.live;
  return Array.from({ length: count }, () => {
    const target = { live: true };
    timers.made(target, { what: 'interval', floor: FLOOR, isLive, weight, below: make });
    return target;
  });
}

test('live things are counted exactly below the size of the pool', () => {
  const { slots, timers } = populations();
  const targets = make(timers, 4000);
  timers.tick(0);
  assert.equal(slots.levels[0], 4000);
  for (const target of targets.slice(0, 1500)) target.live = false;
  timers.tick(0);
  assert.equal(slots.levels[0], 2500);
});

test('far more live things than the pool holds are counted without bias', () => {
  const { slots, timers } = populations();
  const targets = make(timers, 60_000);
  timers.tick(0);
  assert.ok(timers.pool.length <= 4096, `${timers.pool.length} in the pool`);
  const level = slots.levels[0];
  // At least 2,048 samples: three standard deviations are under 7 %.
  assert.ok(Math.abs(level - 60_000) < 6000, `${level} for 60,000`);
  for (const target of targets) target.live = false;
  timers.tick(0);
  assert.equal(timers.pool.length, 0);
  assert.equal(timers.groups.size, 0);
});

test('of what never outlasts a tick those that stand for others are spared the stack', () => {
  const sites = new CallSites({ defineSite: () => 1 });
  const captures = mock.method(sites, 'capture');
  const { timers } = populations(sites);
  const passing = make(timers, 20, 128);
  assert.equal(captures.mock.callCount(), 0);
  for (const target of passing) target.live = false;
  make(timers, 1);
  assert.equal(captures.mock.callCount(), 1);
  timers.tick(0);
  make(timers, 20, 128);
  assert.equal(captures.mock.callCount(), 1, 'it may end within this tick');
  timers.tick(0);
  make(timers, 20, 128);
  assert.equal(captures.mock.callCount(), 21);
});

test('a line that makes few gets no slot, and gives its slot back when few are left', () => {
  const { slots, timers } = populations();
  const targets = make(timers, FLOOR / 4 - 1);
  timers.tick(0);
  assert.deepEqual(slots.holders.filter(Boolean), []);
  targets.push(...make(timers, FLOOR));
  timers.tick(0);
  assert.equal(slots.holders.filter(Boolean).length, 1);
  for (const target of targets.slice(1)) target.live = false;
  timers.tick(0);
  assert.deepEqual(slots.holders.filter(Boolean), []);
});
