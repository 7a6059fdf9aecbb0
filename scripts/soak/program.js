'use strict';

/**
 * Adds and takes away listeners, entries and timers, RATE a second for MINUTES, and writes a line of figures now
 * and then. Populations stay above the thresholds, so that hooks look, sample and follow; none of them grows.
 * Runs bare, or under leakguard when LEAKGUARD_ROOT says where that is.
 */

const { EventEmitter, setMaxListeners } = require('node:events');
const { setImmediate: turn } = require('node:timers/promises');

const { LEAKGUARD_ROOT: root, MINUTES, RATE } = process.env;
const leakguard = root === undefined ? undefined : require(root);

const SAMPLES = 40;
/** Calls of hooked functions in one go of `operate`. */
const OPERATIONS = 14;
const SLICE_MS = 10;
const LISTENERS = 64;
const ENTRIES = 4096;

const bus = new EventEmitter().setMaxListeners(0);
const target = new EventTarget();
const map = new Map();
const set = new Set();
const idle = () => {};

/** @type {(() => void)[]} */
const listeners = [];
/** @type {(() => void)[]} */
const targetListeners = [];
let next = 0;

function grow() {
  setMaxListeners(0, target);
  for (let count = 0; count < LISTENERS; count += 1) {
    listeners.push(() => {});
    bus.on('tick', listeners[count]);
    targetListeners.push(() => {});
    target.addEventListener('tick', targetListeners[count]);
  }
  for (; next < ENTRIES; next += 1) {
    map.set(next, next);
    set.add(next);
  }
}

/** The oldest of everything goes and a new one comes. */
function operate() {
  const place = next % LISTENERS;
  bus.off('tick', listeners[place]);
  listeners[place] = () => {};
  bus.on('tick', listeners[place]);
  target.removeEventListener('tick', targetListeners[place]);
  targetListeners[place] = () => {};
  target.addEventListener('tick', targetListeners[place]);
  map.delete(next - ENTRIES);
  map.set(next, next);
  set.delete(next - ENTRIES);
  set.add(next);
  clearTimeout(setTimeout(idle, 1_000_000));
  clearInterval(setInterval(idle, 1_000_000));
  clearImmediate(setImmediate(idle));
  next += 1;
}

/** @param {number} operations */
async function sample(operations) {
  for (let round = 0; round < 2; round += 1) {
    /** @type {() => void} */ (globalThis.gc)();
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const { ledger, ticks } = leakguard?.report() ?? {};
  process.stdout.write(
    `${JSON.stringify({ operations, rss, heap: heapUsed + external, ledger, ticks })}\n`,
  );
}

async function main() {
  grow();
  const start = performance.now();
  const lengthMs = Number(MINUTES) * 60_000;
  let operations = 0;
  let sampled = 0;
  for (let passed = 0; passed < lengthMs; passed = performance.now() - start) {
    // What a busy machine has left undone is made up for, a tenth of a second of it at a time.
    const due = Math.min((passed * Number(RATE)) / 1000 - operations, Number(RATE) / 10);
    for (let done = 0; done < due; done += OPERATIONS) {
      operate();
      operations += OPERATIONS;
    }
    if (passed >= (sampled * lengthMs) / SAMPLES) {
      await sample(operations);
      sampled += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
  }
  await sample(operations);
  const { findings = [], notes = [] } = leakguard?.report() ?? {};
  process.stdout.write(`${JSON.stringify({ findings, notes })}\n`);
}

main();
