'use strict';

/**
 * Volume in a process of its own: what leakguard keeps must not depend on how much it has seen. The
 * heap after full collections is compared between two parts of each run, with a fixed allowance; what
 * is kept per operation exceeds it in every part.
 */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { ALLOWANCE_BYTES, RSS_ALLOWANCE_BYTES, compare } = require('../scripts/soak/growth');
const { ROOT, runNode } = require('./child');

/** A table that had to grow once, because ticks came late, stays as large: then the next part tells. */
const MOST_PARTS = 4;

/**
 * @typedef {object} Run
 * @property {string} name
 * @property {number} operations
 * @property {number} batch     operations between two turns of the event loop
 * @property {string} setup
 * @property {string} body      one operation
 */
/** @type {Run[]} */
const RUNS = [
  {
    name: 'pairs of on and off on a list over its floor',
    operations: 10_000_000,
    batch: 250_000,
    setup: `const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
      for (let count = 0; count < 20; count += 1) bus.on('tick', () => {});`,
    body: `const listener = () => {};
      bus.on('tick', listener);
      bus.off('tick', listener);`,
  },
  {
    name: 'timers made and cleared',
    operations: 1_000_000,
    batch: 25_000,
    setup: 'const callback = () => {};',
    body: 'clearTimeout(setTimeout(callback, 1000000));',
  },
  {
    name: 'short-lived Maps',
    operations: 1_000_000,
    batch: 25_000,
    setup: '',
    body: 'const map = new Map(); map.set(1, 1); map.set(2, 2);',
  },
  {
    name: 'dropped emitters with lists over their floor',
    operations: 100_000,
    batch: 1000,
    setup: 'const listener = () => {};',
    body: `const emitter = new (require('node:events').EventEmitter)().setMaxListeners(0);
      for (let count = 0; count < 17; count += 1) emitter.on('tick', listener);`,
  },
  {
    name: 'dropped watched Maps',
    operations: 100_000,
    batch: 1000,
    setup: '',
    body: "const map = new Map(); map.set(1, 1); leakguard.watch('map', map);",
  },
  {
    name: 'event names that never come again',
    operations: 100_000,
    batch: 1000,
    setup: "const { EventEmitter } = require('node:events'); let number = 0;",
    body: `const emitter = new EventEmitter().setMaxListeners(0);
      const name = 'event ' + (number += 1);
      for (let count = 0; count < 17; count += 1) emitter.on(name, () => {});`,
  },
];

for (const { name, operations, batch, setup, body } of RUNS) {
  test(`${operations.toLocaleString('en')} ${name} leave nothing behind`, async () => {
    const { code, stdout, stderr } = await runNode([
      '--expose-gc',
      '-e',
      `const { setImmediate: turn, setTimeout: pause } = require('node:timers/promises');
      const leakguard = require(${JSON.stringify(ROOT)});
      leakguard.start({ interval: '10ms', patience: 10, warn: false });
      ${setup}
      const operate = () => { ${body} };
      const measure = async () => {
        // Longer than whatever is swept now and then only.
        for (let round = 0; round < 80; round += 1) {
          const { ticks } = leakguard.report();
          while (leakguard.report().ticks === ticks) await pause(2);
          if (round % 10 === 0) gc();
        }
        await turn();
        gc();
        const { heapUsed, external } = process.memoryUsage();
        return { used: heapUsed + external, ledger: leakguard.report().ledger };
      };
      (async () => {
        const measured = [];
        const work = async () => {
          for (let done = 0; done < ${operations / 2}; done += ${batch}) {
            for (let count = 0; count < ${batch}; count += 1) operate();
            await turn();
          }
          measured.push(await measure());
        };
        const grew = () => measured.at(-1).used - measured.at(-2).used;
        await work();
        await work();
        while (grew() >= ${ALLOWANCE_BYTES} && measured.length < ${MOST_PARTS}) await work();
        const findings = leakguard.report().findings.filter(({ kind }) => kind !== 'heap');
        leakguard.stop();
        require('node:fs').writeSync(1, JSON.stringify([...measured.slice(-2), findings]));
      })();`,
    ]);
    assert.deepEqual([code, stderr], [0, '']);
    const [half, end, findings] = JSON.parse(stdout);
    const growth = end.used - half.used;
    assert.ok(growth < ALLOWANCE_BYTES, `grew by ${growth} bytes over the last part`);
    assert.equal(end.ledger.bytes, half.ledger.bytes);
    assert.ok(end.ledger.tracked <= 4, `${end.ledger.tracked} are still tracked`);
    assert.deepEqual(findings, []);
  });
}

/** @param {(index: number) => { heap?: number, rss?: number, bytes?: number }} of */
const soaked = (of) =>
  Array.from({ length: 40 }, (_, index) => {
    const { heap = 0, rss = 0, bytes = 1 } = of(index);
    return { operations: index, heap: 5e6 + heap, rss: 5e7 + rss, ledger: { bytes } };
  });
const still = soaked(() => ({}));

test('a soak passes with what it starts with, and with what its bare twin grows by', () => {
  const starting = soaked((index) => (index < 10 ? {} : { heap: 9e6, rss: 9e7 }));
  assert.deepEqual(compare(starting, still), { heap: 0, rss: 0, faults: [] });
  const growing = soaked((index) => ({ heap: 1e5 * index, rss: 1e6 * index }));
  assert.deepEqual(compare(growing, growing).faults, []);
});

test('a soak fails from its allowance on, by the heap, the resident set and the ledger alike', () => {
  const fault = (/** @type {Parameters<typeof soaked>[0]} */ of) =>
    compare(soaked(of), still).faults;
  const later = (/** @type {number} */ index) => (index < 25 ? 0 : 1);
  assert.deepEqual(
    fault((index) => ({ heap: (ALLOWANCE_BYTES - 1) * later(index) })),
    [],
  );
  assert.match(
    fault((index) => ({ heap: ALLOWANCE_BYTES * later(index) })).join(),
    /^the heap grew/,
  );
  assert.match(
    fault((index) => ({ rss: RSS_ALLOWANCE_BYTES * later(index) })).join(),
    /^the resident set grew/,
  );
  assert.match(fault((index) => ({ bytes: 1 + later(index) })).join(), /^the ledger changed/);
});
