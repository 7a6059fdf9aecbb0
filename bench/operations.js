'use strict';

/**
 * Nanoseconds per operation in this process, as JSON on standard output. Run bare and with
 * `--require leakguard/register`; `index.js` does so in turns and compares.
 */

const { EventEmitter } = require('node:events');

/** Long enough for the optimising compiler, short enough for many interleaved runs. */
const BATCHES = 15;
const BATCH_MS = 12;

const noop = () => {};

/** @param {number} count */
function emitterWith(count) {
  const emitter = new EventEmitter().setMaxListeners(0);
  for (let i = 0; i < count; i += 1) emitter.on('tick', () => {});
  return emitter;
}

/**
 * @template {Map<number, number> | Set<number>} C
 * @param {C} collection
 * @param {(collection: C, key: number) => void} add
 */
function filled(collection, add) {
  for (let i = 0; i < 100_000; i += 1) add(collection, i);
  return collection;
}

/** Each runs its operation `n` times. @type {Record<string, () => (n: number) => void>} */
const operations = {
  'on + off': () => {
    const emitters = Array.from({ length: 8 }, () => emitterWith(1));
    return (n) => {
      for (let i = 0; i < n; i += 1) {
        const emitter = emitters[i & 7];
        emitter.on('data', noop);
        emitter.off('data', noop);
      }
    };
  },
  'on + off, 100 others': () => {
    const emitter = emitterWith(100);
    return (n) => {
      for (let i = 0; i < n; i += 1) {
        emitter.on('tick', noop);
        emitter.off('tick', noop);
      }
    };
  },
  'addEventListener + remove': () => {
    const target = new EventTarget();
    return (n) => {
      for (let i = 0; i < n; i += 1) {
        target.addEventListener('tick', noop);
        target.removeEventListener('tick', noop);
      }
    };
  },
  // Node keeps one list per duration and makes it anew when it was empty: a duration that nothing
  // else in the process uses, and one in use, cost differently.
  'setTimeout + clearTimeout': () => (n) => {
    for (let i = 0; i < n; i += 1) clearTimeout(setTimeout(noop, 1234));
  },
  'the same, duration in use': () => {
    setTimeout(noop, 4321).unref();
    return (n) => {
      for (let i = 0; i < n; i += 1) clearTimeout(setTimeout(noop, 4321));
    };
  },
  'setInterval + clearInterval': () => (n) => {
    for (let i = 0; i < n; i += 1) clearInterval(setInterval(noop, 1234));
  },
  'setImmediate + clearImmediate': () => (n) => {
    for (let i = 0; i < n; i += 1) clearImmediate(setImmediate(noop));
  },
  'Map.set, 64 keys': () => {
    const map = new Map();
    return (n) => {
      for (let i = 0; i < n; i += 1) map.set(i & 63, i);
    };
  },
  'Map.set, 100,000 keys': () => {
    const map = filled(new Map(), (target, key) => target.set(key, key));
    return (n) => {
      for (let i = 0; i < n; i += 1) map.set(i & 65_535, i);
    };
  },
  'Map.set + delete, 100,000 keys': () => {
    const map = filled(new Map(), (target, key) => target.set(key, key));
    return (n) => {
      for (let i = 0; i < n; i += 1) {
        map.set(-1 - (i & 63), i);
        map.delete(-1 - (i & 63));
      }
    };
  },
  'Set.add, 64 keys': () => {
    const set = new Set();
    return (n) => {
      for (let i = 0; i < n; i += 1) set.add(i & 63);
    };
  },
  'Set.add, 100,000 keys': () => {
    const set = filled(new Set(), (target, key) => target.add(key));
    return (n) => {
      for (let i = 0; i < n; i += 1) set.add(i & 65_535);
    };
  },
  'new Map of 16 entries': () => {
    const entries = /** @type {[number, number][]} */ (
      Array.from({ length: 16 }, (_, i) => [i, i])
    );
    return (n) => {
      for (let i = 0; i < n; i += 1) new Map(entries);
    };
  },
};

/** @param {(n: number) => void} operation */
function measure(operation) {
  let n = 1000;
  let elapsed = 0;
  while (elapsed < BATCH_MS) {
    const start = performance.now();
    operation(n);
    elapsed = performance.now() - start;
    if (elapsed < BATCH_MS) n *= 2;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < BATCHES; i += 1) {
    const start = performance.now();
    operation(n);
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1e6) / n;
}

// Node keeps a queue of the durations in use, and a duration that comes and goes is cheapest while the
// queue is empty, as it is in no service. Without these the unref'd tick of leakguard is the first in
// the queue and adds 20-40 ns to a `setTimeout` of a duration of its own, as any first timer does.
for (const ms of [100, 1000, 5000, 60_000]) setInterval(noop, ms).unref();

/** A few turns of the event loop, so that a tick of leakguard falls between operations. */
async function main() {
  /** @type {Record<string, number>} */
  const nanoseconds = {};
  for (const [name, prepare] of Object.entries(operations)) {
    nanoseconds[name] = measure(prepare());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.stdout.write(`${JSON.stringify(nanoseconds)}\n`);
}

main();
