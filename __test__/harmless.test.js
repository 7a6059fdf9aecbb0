'use strict';

/**
 * A process with leakguard is as one without: nothing opened, nothing kept alive, no object of the
 * user held, the ledger's memory constant. Seen from children under `--expose-gc`.
 */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { REGISTER, ROOT, program, runNode } = require('./child');

/**
 * The JSON that a script prints, in a process where `gc` is there and `leakguard` can be loaded.
 * @param {string} source  may use `leakguard`, `turn()`, `collect()` and `ticks(n)`
 */
async function evaluate(source) {
  const script = `(async () => {
    const { setImmediate: turn, setTimeout: pause } = require('node:timers/promises');
    const leakguard = require(${JSON.stringify(ROOT)});
    const collect = async () => { for (let round = 0; round < 3; round += 1) { await turn(); gc(); } };
    const ticks = async (count) => {
      const until = leakguard.report().ticks + count;
      while (leakguard.report().ticks < until) await pause(5);
    };
    leakguard.start({ interval: '10ms', patience: 10, sensitivity: 'high', warn: false });
    ${source}
  })();`;
  const { code, stdout, stderr } = await runNode(['--expose-gc', '-e', script]);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

test('loading and starting open no async resource but the timer of the ticks', async () => {
  const { code, stdout, stderr } = await runNode([
    '-e',
    `const asyncHooks = require('node:async_hooks');
    const opened = [];
    asyncHooks.createHook({ init(id, type) { opened.push(type); } }).enable();
    const before = process.getActiveResourcesInfo();
    const leakguard = require(${JSON.stringify(ROOT)});
    leakguard.report();
    const after = process.getActiveResourcesInfo();
    for (let round = 0; round < 3; round += 1) {
      leakguard.stop();
      leakguard.start({ interval: '10ms' });
      leakguard.report();
    }
    require('node:fs').writeSync(1, JSON.stringify([opened, before, after]));`,
  ]);
  assert.deepEqual([code, stderr], [0, '']);
  const [opened, before, after] = JSON.parse(stdout);
  assert.deepEqual(new Set(opened), new Set(['Timeout']));
  // An unreferenced timer is no active resource.
  assert.deepEqual(after, before);
});

test('ticks, findings and reports open no async resource of ours', async () => {
  const { stdout, stderr } = await runNode([
    '-e',
    `const opened = new Set();
    const leakguard = require(${JSON.stringify(ROOT)});
    leakguard.start({ interval: '10ms', patience: 10, sensitivity: 'high', warn: false });
    const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
    require('node:async_hooks').createHook({ init(id, type) { opened.add(type); } }).enable();
    let rounds = 0;
    const timer = setInterval(() => {
      bus.on('tick', () => {});
      if (leakguard.report().verdict !== 'leak') return;
      clearInterval(timer);
      require('node:fs').writeSync(1, JSON.stringify([...opened]));
    }, 10);`,
  ]);
  assert.equal(stderr, '');
  const opened = JSON.parse(stdout);
  assert.ok(!opened.includes('CustomGC'), `${opened}`);
  assert.deepEqual(
    opened.filter((/** @type {string} */ type) => type !== 'Timeout'),
    [],
  );
});

/** @type {[label: string, source: string, code: number | null, signal: string | null][]} */
const ENDS = [
  ['ends by itself', '', 0, null],
  ['calls process.exit(3)', 'process.exit(3)', 3, null],
  ['sets process.exitCode', 'process.exitCode = 4', 4, null],
  ['throws', 'throw new Error("end")', 1, null],
  ['rejects a promise', 'Promise.reject(new Error("end"))', 1, null],
  [
    'is killed by a signal',
    'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 10000)',
    null,
    'SIGTERM',
  ],
  ['aborts', 'process.abort()', null, 'SIGABRT'],
  ['exits in a beforeExit listener', 'process.once("beforeExit", () => process.exit(6))', 6, null],
  [
    'prints in an exit listener',
    'process.on("exit", (code) => console.log("exit", code))',
    0,
    null,
  ],
  ['waits for an unsettled await', 'await new Promise(() => {})', 13, null],
];
for (const [label, source, code, signal] of ENDS) {
  test(`a process that ${label} ends as without us`, async () => {
    const args = ['--input-type=module', '-e', source];
    const bare = await runNode(args);
    assert.deepEqual([bare.code, bare.signal], [code, signal]);
    const env = { LEAKGUARD_INTERVAL: '10ms' };
    const watched = await runNode(['--require', REGISTER, ...args], { env });
    assert.deepEqual([watched.code, watched.signal], [code, signal]);
    assert.equal(watched.stdout, bare.stdout);
  });
}

test('a process whose rounds take longer than their interval ends when its work is done', async () => {
  const { code, stdout } = await runNode(
    [
      '-e',
      `globalThis.heap = Array.from({ length: 3_000_000 }, (_, index) => ({ index }));
      const leakguard = require(${JSON.stringify(ROOT)});
      leakguard.start({ interval: '10ms', survivors: '10ms', level: 'survivors', warn: false });
      const collected = new Set();
      const timer = setInterval(() => {
        if (collected.add(leakguard.report().meters.heapAfterGcBytes).size < 5) return;
        clearInterval(timer);
        console.log('done');
      }, 20);`,
    ],
    { timeLimitMs: 40_000 },
  );
  assert.equal(stdout, 'done\n');
  assert.equal(code, 0);
});

test('programs print the same with and without us', async () => {
  for (const name of ['healthy.js', 'workers-and-children.js']) {
    const bare = await runNode([program(name)]);
    assert.deepEqual(await runNode(['--require', REGISTER, program(name)]), bare);
  }
});

/**
 * Each makes an object that leakguard has met in every way it can, and drops it.
 * @type {Record<string, string>}
 */
const DROPPED = {
  'an emitter': `const it = new (require('node:events').EventEmitter)().setMaxListeners(0);
    for (let count = 0; count < 100; count += 1) it.on('tick', () => {});`,
  'a listener of a living emitter': `const it = () => {};
    bus.on('tick', it); drop = () => bus.off('tick', it);`,
  'a target': `const it = new EventTarget(); require('node:events').setMaxListeners(0, it);
    for (let count = 0; count < 100; count += 1) it.addEventListener('tick', () => {});`,
  'a listener of a living target': `const it = () => {};
    target.addEventListener('tick', it); drop = () => target.removeEventListener('tick', it);`,
  'a signal': `const it = new AbortController().signal; require('node:events').setMaxListeners(0, it);
    for (let count = 0; count < 100; count += 1) it.addEventListener('abort', () => {});`,
  'a Map': 'const it = new Map(); for (let key = 0; key < 1000; key += 1) it.set(key, key);',
  'a Set': 'const it = new Set(); for (let key = 0; key < 1000; key += 1) it.add(key);',
  'a key of a living Map': 'const it = {}; map.set(it, 1); drop = () => map.delete(it);',
  'a value of a living Map': "const it = {}; map.set('key', it); drop = () => map.delete('key');",
  'a member of a living Set': 'const it = {}; set.add(it); drop = () => set.delete(it);',
  'a timeout': 'const it = setTimeout(() => {}, 1e6); drop = () => clearTimeout(it);',
  'an interval': 'const it = setInterval(() => {}, 1e6); drop = () => clearInterval(it);',
  'an immediate that has fired': 'const it = setImmediate(() => {});',
  'a callback of a timer':
    'const it = () => {}; const timer = setTimeout(it, 1e6); drop = () => clearTimeout(timer);',
  'a promise of timers/promises': "const it = require('node:timers/promises').setTimeout(1);",
  'a watched Map': "const it = new Map(); leakguard.watch('it', it);",
  'a watched array': "const it = [1, 2, 3]; leakguard.watch('it', it);",
  'a watched plain object': "const it = { a: 1 }; leakguard.watch('it', it);",
  'a watched object with a size':
    "class Sized { size = 5 } const it = new Sized(); leakguard.watch('it', it);",
  'a gauge whose watch was stopped': `let it = { size: 5 };
    const watch = leakguard.watch('it', () => it.size); drop = () => { watch.stop(); };`,
};
for (const [label, make] of Object.entries(DROPPED)) {
  test(`${label} is collected once it is dropped`, async () => {
    const { alive } = await evaluate(`
      const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
      const target = new EventTarget();
      require('node:events').setMaxListeners(0, target);
      const map = new Map();
      const set = new Set();
      for (let count = 0; count < 200; count += 1) {
        bus.on('tick', () => {});
        target.addEventListener('tick', () => {});
        map.set(count, count);
        set.add(count);
      }
      const dropped = [];
      let drops = [];
      const make = () => {
        let drop = () => {};
        ${make}
        dropped.push(new WeakRef(it));
        drops.push(drop);
      };
      for (let round = 0; round < 20; round += 1) { make(); await ticks(1); }
      for (const drop of drops) drop();
      drops = [];
      for (let round = 0; round < 10; round += 1) { await ticks(1); await collect(); }
      console.log(JSON.stringify({ alive: dropped.filter((ref) => ref.deref() !== undefined).length }));
      leakguard.stop();
    `);
    // The last one may still be in a register of the interpreter.
    assert.ok(alive <= 1, `${alive} of 20 are alive`);
  });
}

test('what stop() drops is collected: engine, records, samples', async () => {
  const [first, last] = await evaluate(`
    const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
    for (let count = 0; count < 500; count += 1) bus.on('tick', () => {});
    const used = [];
    for (let round = 0; round < 60; round += 1) {
      leakguard.start({ interval: '10ms', sensitivity: 'high' });
      bus.on('tick', () => {});
      leakguard.stop();
      await collect();
      used.push(process.memoryUsage().heapUsed + process.memoryUsage().external);
    }
    console.log(JSON.stringify([used[20], used.at(-1)]));
  `);
  assert.ok(last - first < 512 * 1024, `grew by ${last - first} bytes over 40 starts`);
});

test('the memory of the ledger is constant and at most 4 MiB, whatever is tracked', async () => {
  const [empty, full] = await evaluate(`
    const measure = () => { const { bytes, capacity, tracked, dropped, evicted } = leakguard.report().ledger;
      return { bytes, capacity, tracked, missed: dropped + evicted }; };
    const empty = measure();
    const buses = Array.from({ length: 6000 }, (_, index) => {
      const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
      for (let count = 0; count < 10; count += 1) bus.on('event number ' + index, () => {});
      return bus;
    });
    await ticks(3);
    for (const bus of buses) for (let count = 0; count < 10; count += 1) bus.on(bus.eventNames()[0], () => {});
    await ticks(3);
    console.log(JSON.stringify([empty, measure()]));
    leakguard.stop();
  `);
  assert.equal(empty.bytes, full.bytes);
  assert.ok(full.bytes <= 4 * 1024 * 1024, `${full.bytes}`);
  assert.equal(full.capacity, 4096);
  assert.equal(full.tracked, 4096);
  assert.ok(full.missed > 0, 'what did not fit is counted');
});
