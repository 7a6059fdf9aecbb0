'use strict';

/**
 * `watch()`: every kind of target by name, held weakly; what cannot be followed is refused in words
 * that help.
 */

const {
  collectGarbage,
  expectHealthy,
  leakguard,
  lineOf,
  repeat,
  startQuick,
  untilLeak,
} = require('./ticks');
const assert = require('node:assert/strict');
const { test } = require('node:test');

const { LeakguardError } = leakguard;

/**
 * Watches for the length of a test: a watch outlives a restart.
 * @param {import('node:test').TestContext} t
 * @param {Parameters<typeof leakguard.watch>} args
 */
function watchDuring(t, ...args) {
  const watch = leakguard.watch(...args);
  t.after(() => watch.stop());
  return watch;
}

class Sized {
  size = 0;
}

/**
 * @typedef {object} Case
 * @property {string} what
 * @property {() => { target: any, add: (key: string) => void, size: () => number }} make
 */
/** @type {Case[]} */
const CASES = [
  {
    what: 'Map',
    make() {
      const target = new Map();
      return { target, add: (key) => target.set(key, 1), size: () => target.size };
    },
  },
  {
    what: 'Set',
    make() {
      const target = new Set();
      return { target, add: (key) => target.add(key), size: () => target.size };
    },
  },
  {
    what: 'array',
    make() {
      /** @type {string[]} */
      const target = [];
      return { target, add: (key) => target.push(key), size: () => target.length };
    },
  },
  {
    what: 'object',
    make() {
      /** @type {Record<string, number>} */
      const target = {};
      return {
        target,
        add(key) {
          target[key] = 1;
        },
        size: () => Object.keys(target).length,
      };
    },
  },
  {
    what: 'size',
    make() {
      const target = new Sized();
      return {
        target,
        add() {
          target.size += 1;
        },
        size: () => target.size,
      };
    },
  },
  {
    what: 'function',
    make() {
      let size = 0;
      return {
        target: () => size,
        add() {
          size += 1;
        },
        size: () => size,
      };
    },
  },
];

for (const { what, make } of CASES) {
  test(`a watched ${what} that grows is a leak under its name`, async (t) => {
    startQuick(t);
    const { target, add, size } = make();
    watchDuring(t, 'sessions', target);
    const finding = await untilLeak((round) => {
      for (let count = 0; count < 3; count += 1) add(`${round} ${count}`);
    });
    assert.equal(finding.kind, 'collections');
    assert.equal(finding.what, what);
    assert.equal(finding.owner, 'sessions');
    assert.match(finding.title, /sessions/);
    // The finding is of the last tick at the latest; a plain object is counted now and then.
    assert.ok(finding.count <= size() && finding.count > 0);
  });

  test(`a watched ${what} that has stopped growing is healthy`, async (t) => {
    startQuick(t);
    const { target, add } = make();
    watchDuring(t, 'table', target);
    await expectHealthy((round) => {
      if (round < 3) for (let count = 0; count < 100; count += 1) add(`${round} ${count}`);
    });
  });

  test(`a watched ${what} is forgotten after stop()`, async (t) => {
    startQuick(t);
    const { target, add } = make();
    for (let count = 0; count < 100; count += 1) add(String(count));
    const watch = leakguard.watch('table', target);
    assert.equal(leakguard.report().ledger.tracked, 1);
    watch.stop();
    watch.stop();
    assert.equal(leakguard.report().ledger.tracked, 0);
    await repeat(() => {}, 2);
    assert.equal(leakguard.report().ledger.tracked, 0);
  });
}

test('a watched Map has the line that fills it, from the first entry on', async (t) => {
  startQuick(t);
  const sessions = new Map();
  watchDuring(t, 'sessions', sessions, { floor: 8 });
  const finding = await untilLeak(function login(round) {
    for (let count = 0; count < 20; count += 1) {
      sessions.set(`${round} ${count}`, {}); // leak: watched map
    }
  });
  assert.equal(finding.owner, 'sessions');
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: watched map'));
});

test('a real lru-cache is followed by its size, and healthy once it is full', async (t) => {
  const LRUCache = requireLruCache();
  if (LRUCache === undefined) return t.skip('lru-cache is not installed');
  startQuick(t);
  const cache = new LRUCache({ max: 500 });
  watchDuring(t, 'pages', cache);
  await expectHealthy((round) => {
    for (let count = 0; count < 100; count += 1) cache.set(`${round} ${count}`, { round });
  });
  assert.equal(cache.size, 500);
});

test('a real lru-cache with a bound that is never reached is a leak', async (t) => {
  const LRUCache = requireLruCache();
  if (LRUCache === undefined) return t.skip('lru-cache is not installed');
  startQuick(t);
  const cache = new LRUCache({ max: 10_000_000 });
  watchDuring(t, 'pages', cache);
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 10; count += 1) cache.set(`${round} ${count}`, { round });
  });
  assert.equal(finding.what, 'size');
  assert.equal(finding.owner, 'pages');
});

/** @returns {any} the class, where some folder of the repository has the package */
function requireLruCache() {
  for (const folder of ['..', '../demo', './fixtures/runners']) {
    try {
      const from = require.resolve('lru-cache', {
        paths: [require('node:path').join(__dirname, folder)],
      });
      const { LRUCache } = require(from);
      if (LRUCache !== undefined) return LRUCache;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

test('many watches are no population of their own', async (t) => {
  startQuick(t);
  for (let count = 0; count < 200; count += 1) watchDuring(t, `queue ${count}`, () => count);
  await repeat(() => {}, 3);
  const others = leakguard.subjects(1000).filter(({ owner }) => !owner.startsWith('queue '));
  assert.deepEqual(others, []);
});

test('a dropped target ends its watch and is not kept', async (t) => {
  startQuick(t);
  /** @type {WeakRef<object>[]} */
  const dropped = [];
  (() => {
    for (const target of [new Map(), new Set(), [], {}, new Sized()]) {
      leakguard.watch('dropped', target);
      dropped.push(new WeakRef(target));
    }
  })();
  assert.equal(leakguard.report().ledger.tracked, 5);
  await repeat(collectGarbage, 10);
  assert.deepEqual(
    dropped.flatMap((ref) => ref.deref()?.constructor.name ?? []),
    [],
  );
  // The heap itself is followed from the first full collection on.
  assert.equal(leakguard.report().ledger.tracked, 1);
});

test('watching the same target again renames it', async (t) => {
  startQuick(t);
  const map = new Map();
  const first = leakguard.watch('first', map);
  watchDuring(t, 'second', map);
  assert.equal(leakguard.report().ledger.tracked, 1);
  first.stop();
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 5; count += 1) map.set(`${round} ${count}`, 1);
  });
  assert.equal(finding.owner, 'second');
});

test('the second watch of a target that ends leaves the first', async (t) => {
  startQuick(t);
  const map = new Map();
  watchDuring(t, 'first', map);
  leakguard.watch('second', map).stop();
  assert.deepEqual(
    leakguard.subjects().map(({ owner }) => owner),
    ['first'],
  );
});

test('whoever has a watch does not hold its target', async (t) => {
  startQuick(t);
  const watchNew = () => {
    const map = new Map();
    return { ref: new WeakRef(map), watch: watchDuring(t, 'map', map) };
  };
  const { ref, watch } = watchNew();
  await repeat(collectGarbage, 3);
  assert.equal(ref.deref(), undefined);
  watch.stop();
});

test('watches outlive a stop, a start and a reset', async (t) => {
  startQuick(t);
  const map = new Map();
  watchDuring(t, 'map', map);
  leakguard.stop();
  startQuick(t);
  leakguard.reset();
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 5; count += 1) map.set(`${round} ${count}`, 1);
  });
  assert.equal(finding.owner, 'map');
});

test('below its own floor nothing is said of a watch', async (t) => {
  startQuick(t);
  /** @type {number[]} */
  const queue = [];
  watchDuring(t, 'queue', queue, { floor: 100_000 });
  await expectHealthy((round) => queue.push(round));
});

test('a watch can be disposed of where the language can', (t) => {
  const dispose = /** @type {any} */ (Symbol).dispose;
  if (dispose === undefined) return t.skip('needs Symbol.dispose');
  startQuick(t);
  const map = new Map();
  const watch = leakguard.watch('map', map);
  assert.equal(leakguard.report().ledger.tracked, 1);
  /** @type {any} */ (watch)[dispose]();
  assert.equal(leakguard.report().ledger.tracked, 0);
});

test('a watch while nothing is started is idle and can be stopped', () => {
  leakguard.stop();
  leakguard.watch('map', new Map()).stop();
});

/** @type {[label: string, target: unknown, named: RegExp][]} */
const BAD_TARGETS = [
  ['undefined', undefined, /undefined/],
  ['null', null, /null/],
  ['a number', 42, /42/],
  ['a text', 'sessions', /"sessions"/],
  ['a symbol', Symbol('s'), /Symbol\(s\)/],
  ['true', true, /true/],
  ['a WeakMap', new WeakMap(), /an object/],
  ['a Date', new Date(), /an object/],
  ['a negative size', { size: -1, __proto__: Sized.prototype }, /an object/],
  ['a size that is no number', { size: '3', __proto__: Sized.prototype }, /an object/],
];
for (const [label, target, named] of BAD_TARGETS) {
  test(`${label} is refused as a target, saying what is accepted`, (t) => {
    startQuick(t);
    assert.throws(
      () => leakguard.watch('target', /** @type {any} */ (target)),
      (error) => {
        assert.ok(error instanceof LeakguardError);
        assert.equal(error.code, 'ERR_LEAKGUARD_TARGET');
        assert.match(error.message, named);
        assert.match(error.message, /Map.*Set.*array.*object.*size.*function/);
        return true;
      },
    );
    assert.equal(leakguard.report().ledger.tracked, 0);
  });
}

for (const name of [undefined, null, '', 5, {}]) {
  test(`${JSON.stringify(name)} is refused as a name`, (t) => {
    startQuick(t);
    assert.throws(() => leakguard.watch(/** @type {any} */ (name), new Map()), {
      code: 'ERR_LEAKGUARD_TARGET',
    });
  });
}

for (const floor of [0, -1, 1.5, Number.NaN, 2 ** 32, 'many', null, {}]) {
  test(`${String(floor)} is refused as a floor`, (t) => {
    startQuick(t);
    assert.throws(() => leakguard.watch('map', new Map(), { floor: /** @type {any} */ (floor) }), {
      code: 'ERR_LEAKGUARD_OPTION',
      message: /floor/,
    });
  });
}

test('1 and the largest 32-bit number are accepted as a floor', (t) => {
  startQuick(t);
  watchDuring(t, 'map', new Map(), { floor: 1 });
  watchDuring(t, 'set', new Set(), { floor: 2 ** 32 - 1 });
});

test('an unknown option of watch() is refused by name', (t) => {
  startQuick(t);
  assert.throws(() => leakguard.watch('map', new Map(), /** @type {any} */ ({ flor: 5 })), {
    code: 'ERR_LEAKGUARD_OPTION',
    message: /"flor".*floor/,
  });
});

/** @type {[label: string, gauge: () => unknown][]} */
const BAD_GAUGES = [
  [
    'throws',
    () => {
      throw new Error('gauge');
    },
  ],
  ['returns no number', () => 'many'],
  ['returns a negative number', () => -1],
  ['returns NaN', () => Number.NaN],
];
for (const [label, gauge] of BAD_GAUGES) {
  test(`a gauge that ${label} later ends its own watch and nothing else`, async (t) => {
    startQuick(t);
    let broken = false;
    watchDuring(t, 'gauge', () => (broken ? /** @type {number} */ (gauge()) : 5));
    const map = new Map();
    watchDuring(t, 'map', map);
    await repeat(() => {}, 2);
    broken = true;
    await repeat(() => {}, 3);
    const { shims, ledger } = leakguard.report();
    assert.deepEqual(new Set(Object.values(shims)), new Set(['on']));
    assert.equal(ledger.tracked, 1);
  });
}
