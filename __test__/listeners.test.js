'use strict';

/**
 * Listeners of emitters: those that pile up are found with the line that adds them, whatever way they
 * were added; lists that are long, busy or bounded are left alone.
 */

const {
  collectGarbage,
  leakguard,
  expectHealthy,
  lineOf,
  repeat,
  startQuick,
  untilLeak,
} = require('./ticks');
const { EventEmitter, once } = require('node:events');
const { PassThrough } = require('node:stream');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { installLibrary } = require('./fixtures/library');

/** @param {import('..').Finding} finding */
const isListeners = ({ kind }) => kind === 'listeners';

for (const method of /** @type {const} */ ([
  'on',
  'addListener',
  'prependListener',
  'once',
  'prependOnceListener',
])) {
  test(`listeners added by ${method}() at one line are a leak of that line`, async (t) => {
    startQuick(t);
    const bus = new EventEmitter().setMaxListeners(0);
    const finding = await untilLeak(function subscribe() {
      bus[method](`${method} tick`, () => {}); // leak: any method
    }, isListeners);
    assert.equal(finding.kind, 'listeners');
    assert.equal(finding.what, 'EventEmitter');
    assert.equal(finding.owner, `EventEmitter '${method} tick'`);
    assert.equal(finding.tier, 'trend');
    assert.equal(finding.site?.file, __filename);
    assert.equal(finding.site?.function, 'subscribe');
    assert.equal(finding.site?.line, lineOf(__filename, 'leak: any method'));
    assert.equal(finding.site?.package, null);
    assert.equal(finding.site?.app, null);
    assert.ok(finding.sites[0].share > 0.9);
    assert.equal(finding.count, bus.listenerCount(`${method} tick`));
    assert.ok(finding.ratePerMinute > 0);
    assert.match(finding.advice, /off|once|signal/i);
  });
}

test('a line that takes away three of four at once leaks the fourth', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  const finding = await untilLeak(() => {
    const listeners = Array.from({ length: 4 }, () => () => {});
    for (const listener of listeners) bus.on('change', listener); // leak: one of four
    for (const listener of listeners.slice(1)) bus.off('change', listener);
  }, isListeners);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: one of four'));
});

test('a busy healthy list beside the leak is not accused', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  for (let count = 0; count < 50; count += 1) bus.on('static', () => {});
  const finding = await untilLeak(() => {
    bus.on('leaking', () => {});
    const passing = () => {};
    for (let count = 0; count < 20; count += 1) bus.on('static', passing);
    for (let count = 0; count < 20; count += 1) bus.off('static', passing);
  }, isListeners);
  assert.equal(finding.owner, "EventEmitter 'leaking'");
  assert.deepEqual(
    [...leakguard.report().leaks, ...leakguard.report().suspects]
      .filter(isListeners)
      .map(({ owner }) => owner),
    ["EventEmitter 'leaking'"],
  );
});

test('the leaking line is named although another line adds and removes far more often', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  function comeAndGo() {
    const listener = () => {};
    bus.on('shared', listener);
    bus.off('shared', listener);
  }
  function stay() {
    bus.on('shared', () => {}); // leak: shared
  }
  const finding = await untilLeak(() => {
    stay();
    for (let count = 0; count < 30; count += 1) comeAndGo();
  }, isListeners);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: shared'));
  assert.equal(finding.site?.function, 'stay');
});

test('two lines that share a leak are both listed with their shares', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  const first = () => bus.on('shared', () => {}); // leak: first of two
  const second = () => bus.on('shared', () => {}); // leak: second of two
  const finding = await untilLeak(() => {
    first();
    second();
  }, isListeners);
  const lines = finding.sites.map(({ line }) => line).sort((a, b) => a - b);
  assert.deepEqual(lines, [
    lineOf(__filename, 'leak: first of two'),
    lineOf(__filename, 'leak: second of two'),
  ]);
  for (const { share } of finding.sites) assert.ok(share > 0.3 && share < 0.7, `${share}`);
});

test('a leak inside a package names the line of the package and the line of the application', async (t) => {
  startQuick(t);
  const { file, library } = installLibrary(t);
  const bus = new EventEmitter().setMaxListeners(0);
  const finding = await untilLeak(function handleRequest() {
    library.subscribe(bus); // calls: subscribe
  }, isListeners);
  assert.equal(finding.site?.file, file);
  assert.equal(finding.site?.line, lineOf(file, 'leak: listener'));
  assert.equal(finding.site?.package, 'greedy-library');
  assert.equal(finding.site?.app?.file, __filename);
  assert.equal(finding.site?.app?.line, lineOf(__filename, 'calls: subscribe'));
  assert.equal(finding.site?.app?.function, 'handleRequest');
  assert.match(finding.message, /greedy-library/);
});

test('listeners that Node itself adds are laid to the line of the user', async (t) => {
  startQuick(t);
  const source = new PassThrough().setMaxListeners(0);
  source.resume();
  const finding = await untilLeak(function forward() {
    source.pipe(new PassThrough().resume()); // leak: pipe
  }, isListeners);
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: pipe'));
});

test('a subclass with on() of its own is covered, and is called by its own name', async (t) => {
  startQuick(t);
  class Hub extends EventEmitter {
    /**
     * @param {string} type
     * @param {(...args: any[]) => void} listener
     */
    on(type, listener) {
      return super.on(type, listener);
    }
  }
  const hub = new Hub().setMaxListeners(0);
  const finding = await untilLeak(() => hub.on('tick', () => {}), isListeners);
  assert.equal(finding.owner, "Hub 'tick'");
});

test('odd event names are followed like all others', async (t) => {
  for (const name of [Symbol('secret'), '__proto__', 'constructor', 'hasOwnProperty', '']) {
    startQuick(t);
    const bus = new EventEmitter().setMaxListeners(0);
    const finding = await untilLeak(() => bus.on(name, () => {}), isListeners);
    assert.equal(finding.owner, `EventEmitter '${String(name)}'`);
  }
});

test('a new event name for every request is a leak of names', async (t) => {
  startQuick(t);
  const bus = new EventEmitter();
  const finding = await untilLeak((round) => {
    for (let count = 0; count < 2; count += 1) bus.on(`request ${round} ${count}`, () => {}); // leak: names
  }, isListeners);
  assert.equal(finding.owner, 'EventEmitter (event names)');
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: names'));
});

test('listeners on process are laid to process', async (t) => {
  startQuick(t);
  const unlimited = process.getMaxListeners();
  process.setMaxListeners(0);
  const listeners = /** @type {(() => void)[]} */ ([]);
  t.after(() => {
    process.setMaxListeners(unlimited);
    for (const listener of listeners) process.off('SIGUSR2', listener);
  });
  const finding = await untilLeak(() => {
    const listener = () => {};
    listeners.push(listener);
    process.on('SIGUSR2', listener);
  }, isListeners);
  assert.equal(finding.owner, "process 'SIGUSR2'");
});

test('what bypasses the hooks is counted: sizes are those of the emitter', async (t) => {
  startQuick(t);
  const bus = /** @type {any} */ (new EventEmitter().setMaxListeners(0));
  for (let count = 0; count < 20; count += 1) bus.on('tick', () => {});
  const finding = await untilLeak(() => {
    bus.on('tick', () => {});
    bus._events.tick.push(() => {});
  }, isListeners);
  assert.equal(finding.count, bus.listenerCount('tick'));
});

test('many emitters of one class that leak at one line are one finding', async (t) => {
  startQuick(t);
  const buses = Array.from({ length: 5 }, () => new EventEmitter().setMaxListeners(0));
  await untilLeak(() => {
    for (const bus of buses) bus.on('tick', () => {}); // leak: group
  }, isListeners);
  await repeat(() => {
    for (const bus of buses) bus.on('tick', () => {});
  }, 20);
  const findings = leakguard.report().leaks.filter(isListeners);
  assert.equal(findings.length, 1);
});

test('emitters that come and go with many listeners each are healthy', async (t) => {
  startQuick(t);
  await expectHealthy(() => {
    const passing = new EventEmitter().setMaxListeners(0);
    for (let count = 0; count < 40; count += 1) passing.on('tick', () => {});
  }, isListeners);
});

test('a list that fills up once and then stays is healthy', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  await expectHealthy((round) => {
    if (round < 10) for (let count = 0; count < 10; count += 1) bus.on('tick', () => {});
  }, isListeners);
});

test('listeners that are added and removed in waves are healthy', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  await expectHealthy((round) => {
    if (round % 8 === 7) bus.removeAllListeners('tick');
    else for (let count = 0; count < 5; count += 1) bus.on('tick', () => {});
  }, isListeners);
});

test('once() listeners that fire are healthy', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  await expectHealthy(async () => {
    const fired = Promise.all(Array.from({ length: 20 }, () => once(bus, 'tick')));
    bus.emit('tick');
    await fired;
  }, isListeners);
});

test('a leak that ends recovers and leaves the report', async (t) => {
  startQuick(t);
  const bus = new EventEmitter().setMaxListeners(0);
  await untilLeak(() => bus.on('tick', () => {}), isListeners);
  bus.removeAllListeners('tick');
  await repeat(() => {}, 40);
  assert.deepEqual(leakguard.report().findings.filter(isListeners), []);
});

test('a leaking emitter that is dropped leaves the report', async (t) => {
  startQuick(t);
  const holder = {
    bus: /** @type {EventEmitter | null} */ (new EventEmitter().setMaxListeners(0)),
  };
  await untilLeak(() => holder.bus?.on('tick', () => {}), isListeners);
  holder.bus = null;
  await repeat(collectGarbage, 10);
  assert.deepEqual(leakguard.report().findings.filter(isListeners), []);
});
