'use strict';

/** The contract tier: what was registered since a mark and is still there, and in whose name. */

const { collectGarbage, leakguard, lineOf, startQuick } = require('./ticks');
const dgram = require('node:dgram');
const { once, EventEmitter } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { temporaryFolder } = require('./child');
const { instance } = require('../lib/instance');
const { Registrations } = require('../lib/registrations');
const { assertValidReport } = require('./report-schema');

const noop = () => {};
/** What the contract tier takes for a leak of entries. */
const MANY = 8;

/**
 * @param {import('node:test').TestContext} t
 * @param {Partial<import('..').Options>} [options]
 */
function startExact(t, options) {
  startQuick(t, { level: 'exact', interval: '1h', ...options });
}

/**
 * @param {import('..').Mark} since
 * @returns {Promise<string[]>} titles of the leaks
 */
async function leaksSince(since) {
  const report = await leakguard.settled({ since });
  assertValidReport(report);
  return report.leaks.map(({ title }) => title);
}

test('a listener that is left is named with its line, and one that is taken away is not', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('left', noop); // the line
  bus.on('gone', noop);
  bus.off('gone', noop);
  bus.once('fired', noop);
  bus.emit('fired');
  const report = await leakguard.settled({ since });
  assertValidReport(report);
  assert.equal(report.verdict, 'leak');
  const [finding, ...others] = report.findings;
  assert.deepEqual(others, []);
  assert.equal(finding.title, "1 listener left on EventEmitter 'left'");
  assert.equal(finding.tier, 'contract');
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'the line'));
});

test('what stands before the mark is not counted', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const first = leakguard.mark();
  bus.on('early', noop);
  const second = leakguard.mark();
  assert.deepEqual(await leaksSince(second), []);
  assert.deepEqual(await leaksSince(first), ["1 listener left on EventEmitter 'early'"]);
});

test('at a first look everything is a suspect, and the verdict no leak', (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('x', noop);
  const report = leakguard.report({ since });
  assert.equal(report.verdict, 'suspect');
  assert.deepEqual(report.leaks, []);
  assert.match(report.findings[0].evidence[1].detail, /first look/);
});

test('what was there at a look 0.43 s ago is a leak', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('x', noop);
  leakguard.report({ since });
  await pause(450);
  assert.equal(leakguard.report({ since }).verdict, 'leak');
});

test('stragglers are waited for', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('x', noop);
  setTimeout(() => bus.off('x', noop), 100);
  assert.deepEqual(await leaksSince(since), []);
});

test('what goes on registering for ever is waited for no longer than the rest', async (t) => {
  startExact(t);
  const bus = new EventEmitter().setMaxListeners(0);
  const since = leakguard.mark();
  let ended = false;
  t.after(async () => {
    ended = true;
    await pause(5);
  });
  (function poll() {
    bus.once('poll', noop);
    if (!ended) setTimeout(poll, 1);
  })();
  const [title] = await leaksSince(since);
  assert.match(title, /^\d+ listeners left on EventEmitter 'poll'$/);
});

test('timers, handles, files, entries, targets and expectations are found, each once', async (t) => {
  startExact(t);
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'left.txt');
  fs.writeFileSync(file, '');
  const map = new Map();
  const set = new Set();
  const target = new EventTarget();
  const { signal } = new AbortController();
  const kept = {};
  const since = leakguard.mark();
  const interval = setInterval(noop, 3_600_000);
  clearInterval(setInterval(noop, 3_600_000));
  const timeout = setTimeout(noop, 3_600_000);
  const server = net.createServer().listen(0);
  const descriptor = fs.openSync(file, 'r');
  fs.closeSync(fs.openSync(__filename, 'r'));
  for (let count = 0; count < MANY; count += 1) map.set(count, count);
  for (let count = 0; count < MANY; count += 1) set.add(count);
  target.addEventListener('x', noop);
  signal.addEventListener('abort', noop);
  leakguard.expectCollected(kept, 'session');
  t.after(() => {
    clearInterval(interval);
    clearTimeout(timeout);
    server.close();
    fs.closeSync(descriptor);
    assert.ok(kept);
  });
  assert.deepEqual((await leaksSince(since)).sort(), [
    '1 Server left open',
    '1 file left open',
    '1 interval left',
    "1 listener left on AbortSignal 'abort'",
    "1 listener left on EventTarget 'x'",
    '1 object that should be gone: session',
    '1 timeout left',
    '8 entries left in Map',
    '8 entries left in Set',
  ]);
});

test('proxies that were revoked are asked for nothing, as members and as owners', async (t) => {
  startExact(t);
  const set = new Set();
  const member = Proxy.revocable({}, {});
  const owner = Proxy.revocable(new EventEmitter(), {});
  const since = leakguard.mark();
  member.revoke();
  set.add(member.proxy);
  owner.proxy.on('x', noop);
  owner.revoke();
  const { findings, shims } = await leakguard.settled({ since });
  assert.deepEqual(
    findings.map(({ title }) => title),
    ['1 entry left in Set'],
  );
  assert.equal(set.size, 1);
  assert.equal(shims.collections, 'on');
});

test('what is kept for the report at exit is kept once, and until reset()', async (t) => {
  startExact(t);
  const since = leakguard.mark();
  const timer = setInterval(noop, 3_600_000);
  t.after(() => clearInterval(timer));
  const keptTitles = () =>
    [...(instance().run?.kept.values() ?? [])].flat().map(({ title }) => title);
  await leakguard.settled({ since, keep: true });
  await leakguard.settled({ since, keep: true });
  assert.deepEqual(keptTitles(), ['1 interval left']);
  leakguard.reset();
  assert.deepEqual(keptTitles(), []);
});

test('what is put back, or was there already, is not left behind', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const target = new EventTarget();
  const map = new Map(Array.from({ length: 2 * MANY }, (_, key) => [key, key]));
  const set = new Set(map.keys());
  bus.on('one', noop);
  for (const listener of [noop, () => bus]) bus.on('two', listener);
  target.addEventListener('x', noop);
  const since = leakguard.mark();
  target.addEventListener('x', noop);
  bus.off('one', noop);
  bus.on('one', noop);
  const saved = bus.listeners('two');
  bus.removeAllListeners('two');
  for (const listener of saved) bus.on('two', /** @type {any} */ (listener));
  const entries = [...map];
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
  for (const key of entries.keys()) {
    set.delete(key);
    set.add(key);
  }
  assert.deepEqual(await leaksSince(since), []);
  for (const listener of [() => target, () => map]) bus.on('one', /** @type {any} */ (listener));
  for (let count = 0; count < 3 * MANY; count += 1) map.set(`new ${count}`, count);
  assert.deepEqual((await leaksSince(since)).sort(), [
    "2 listeners left on EventEmitter 'one'",
    `${3 * MANY} entries left in Map`,
  ]);
});

test('what a test that failed has left is not its neighbour’s', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark('', { owned: true });
  const [clean, failed] = ['clean', 'failed'].map((label) =>
    leakguard.mark(label, { owned: true }),
  );
  clean.run(() => {
    bus.on('x', noop);
    bus.off('x', noop);
  });
  failed.run(() => bus.on('x', noop));
  failed.forget();
  assert.deepEqual((await leakguard.settled({ since })).findings, []);
});

test('a socket of dgram is asked without a warning, and a worker that lets the process end is no leak', async (t) => {
  startExact(t);
  /** @type {string[]} */
  const warned = [];
  const listener = (/** @type {Error} */ { message }) => warned.push(message);
  process.on('warning', listener);
  const since = leakguard.mark();
  const socket = dgram.createSocket('udp4').bind(0);
  const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
  worker.unref();
  await once(socket, 'listening');
  await once(worker, 'online');
  const report = await leakguard.settled({ since });
  process.off('warning', listener);
  socket.close();
  await worker.terminate();
  const leaks = report.leaks.filter(({ kind }) => kind === 'handles').map(({ title }) => title);
  assert.deepEqual(leaks, ['1 DatagramSocket left open']);
  assert.deepEqual(warned, []);
});

test('a file that others have open too is not who opened and closed it', async (t) => {
  startExact(t);
  const descriptor = fs.openSync(__filename);
  t.after(() => fs.closeSync(descriptor));
  // Hooked once it is loaded.
  const { promises } = fs;
  const since = leakguard.mark();
  await (await promises.open(__filename)).close();
  assert.deepEqual(await leaksSince(since), []);
  const left = await promises.open(__filename);
  assert.deepEqual(await leaksSince(since), ['1 file left open']);
  await left.close();
});

test('a file that is watched already is watched by nobody new', async (t) => {
  startExact(t);
  fs.watchFile(__filename, noop);
  t.after(() => fs.unwatchFile(__filename));
  const other = () => {};
  fs.watchFile(__filename, other);
  const since = leakguard.mark();
  fs.watchFile(__filename, other);
  fs.unwatchFile(__filename, other);
  assert.deepEqual(await leaksSince(since), []);
});

test('who waits for stragglers is told that leakguard was started anew', async (t) => {
  startExact(t);
  const since = leakguard.mark('old');
  const timer = setInterval(noop, 3_600_000);
  t.after(() => clearInterval(timer));
  const waiting = leakguard.settled({ since });
  startExact(t);
  await assert.rejects(waiting, { code: 'ERR_LEAKGUARD_OPTION', message: /before the last start/ });
});

test('a mark that stands is none of what is started after it', async (t) => {
  startExact(t);
  leakguard.mark('old').begin();
  startExact(t);
  const since = leakguard.mark('new');
  const timer = setInterval(noop, 3_600_000);
  t.after(() => clearInterval(timer));
  const [finding] = (await leakguard.settled({ since })).findings;
  assert.deepEqual(finding.marks, []);
});

test('what is registered on something younger than the mark is not left behind', async (t) => {
  startExact(t);
  const since = leakguard.mark();
  class Own extends EventEmitter {}
  class OwnMap extends Map {}
  const mixed = Object.assign(() => {}, EventEmitter.prototype);
  const young = {
    emitters: [new EventEmitter(), new Own(), mixed],
    targets: [new EventTarget(), new AbortController().signal],
    maps: [new Map(), new OwnMap()],
  };
  for (const emitter of young.emitters) emitter.on('x', noop);
  for (const target of young.targets) target.addEventListener('x', noop);
  for (const map of young.maps) for (let count = 0; count < MANY; count += 1) map.set(count, 1);
  assert.deepEqual(await leaksSince(since), []);
  assert.ok(young);
});

test('garbage is collected before anything is said', async (t) => {
  startExact(t);
  /** @type {EventEmitter | null} */
  let bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('x', noop);
  bus = null;
  assert.deepEqual(await leaksSince(since), []);
});

test('a cache that drops an entry for each that it gets has kept nothing', async (t) => {
  startExact(t);
  const cache = new Map(Array.from({ length: 20 }, (_, key) => [key, key]));
  const since = leakguard.mark();
  for (let key = 20; key < 40; key += 1) {
    cache.delete(key - 20);
    cache.set(key, key);
  }
  const report = await leakguard.settled({ since });
  assert.deepEqual(report.findings, []);
});

test('fewer than eight entries are a suspicion, unless the Map is followed by name', async (t) => {
  startExact(t);
  const [cache, sessions, list] = [new Map(), new Map(), /** @type {number[]} */ ([])];
  leakguard.watch('sessions', sessions);
  leakguard.watch('list', list);
  const since = leakguard.mark();
  cache.set('a', 1);
  sessions.set('a', 1);
  list.push(1);
  const report = await leakguard.settled({ since });
  assert.deepEqual(report.leaks.map(({ title }) => title).sort(), [
    '1 element left in list',
    '1 entry left in sessions',
  ]);
  assert.deepEqual(
    report.suspects.map(({ title }) => title),
    ['1 entry left in Map'],
  );
});

test('what lets the process end is a suspicion', async (t) => {
  startExact(t);
  const since = leakguard.mark();
  const timer = setInterval(noop, 3_600_000).unref();
  t.after(() => clearInterval(timer));
  const report = await leakguard.settled({ since });
  assert.equal(report.verdict, 'suspect');
  assert.match(report.findings[0].evidence[1].detail, /lets the process end/);
});

test('what a module registers while it is loaded is a suspicion', async (t) => {
  startExact(t);
  const file = path.join(temporaryFolder(t), 'module.js');
  fs.writeFileSync(file, `process.on('SIGUSR2', function onSignal() {});`);
  t.after(() => process.removeAllListeners('SIGUSR2'));
  const since = leakguard.mark();
  require(file);
  const report = await leakguard.settled({ since });
  assert.equal(report.verdict, 'suspect');
  assert.match(report.findings[0].evidence[1].detail, /while a module was loaded/);
});

test('of what runs at the same time each mark gets its own', async (t) => {
  startExact(t);
  const bus = new EventEmitter();
  const since = leakguard.mark();
  const marks = ['a', 'b', 'c'].map((label) => leakguard.mark(label));
  const results = await Promise.all(
    marks.map((mark, index) =>
      mark.run(async (own) => {
        await pause(1);
        for (let count = 0; count < index; count += 1) bus.on('x', () => {});
        const [value] = await Promise.all([pause(1, own), pause(2)]);
        bus.once(`done ${index}`, noop);
        bus.emit(`done ${index}`);
        return value;
      }, index),
    ),
  );
  assert.deepEqual(results, [0, 1, 2]);
  const { findings } = await leakguard.settled({ since });
  assert.deepEqual(
    findings.map(({ count, marks: of }) => [count, of]),
    [
      [
        3,
        [
          { label: 'b', count: 1 },
          { label: 'c', count: 2 },
        ],
      ],
    ],
  );
  assert.match(String(await leakguard.settled({ since })), /during +b \(1\)\n +c \(2\)/);
});

test('what a mark owns is not counted on what its own code has made, whenever the report begins', async (t) => {
  startExact(t);
  const since = leakguard.mark();
  const mark = leakguard.mark('test');
  const kept = mark.run(() => new EventEmitter().on('x', noop));
  assert.deepEqual(await leaksSince(since), []);
  const later = leakguard.mark('later');
  later.run(() => kept.on('x', noop));
  assert.deepEqual(await leaksSince(since), ["1 listener left on EventEmitter 'x'"]);
});

test('a mark works at every level that watches', async (t) => {
  for (const level of /** @type {const} */ (['counts', 'sites'])) {
    startExact(t, { level });
    const bus = new EventEmitter();
    const since = leakguard.mark();
    bus.on('x', noop);
    assert.deepEqual(await leaksSince(since), ["1 listener left on EventEmitter 'x'"], level);
  }
});

test('after stop() everything is as it was', (t) => {
  const [OwnMap, OwnSet] = [Map, Set];
  const init = /** @type {any} */ (EventEmitter).init;
  startExact(t);
  leakguard.mark();
  assert.notEqual(Map, OwnMap);
  assert.equal(new Map().constructor, Map);
  assert.ok(new Map() instanceof OwnMap);
  assert.throws(() => Reflect.apply(/** @type {any} */ (Map), undefined, []), {
    name: 'TypeError',
    message: /new/,
  });
  leakguard.stop();
  assert.deepEqual([Map, Set], [OwnMap, OwnSet]);
  assert.equal(Map.prototype.constructor, OwnMap);
  assert.equal(/** @type {any} */ (EventEmitter).init, init);
  const { length } = Object.getOwnPropertySymbols(EventTarget.prototype);
  assert.equal(length, Object.getOwnPropertySymbols(EventTarget.prototype).length);
  assert.equal(
    Object.getOwnPropertySymbols(EventTarget.prototype).some(
      ({ description }) => description === 'kEvents',
    ),
    false,
  );
});

test('a target keeps its table of listeners as an ordinary property of its own', (t) => {
  const shape = () => {
    const target = new EventTarget();
    return Object.getOwnPropertySymbols(target).map((symbol) => {
      const { value, ...attributes } = /** @type {PropertyDescriptor} */ (
        Object.getOwnPropertyDescriptor(target, symbol)
      );
      return [symbol.description, typeof value, attributes];
    });
  };
  const before = shape();
  startExact(t);
  leakguard.mark();
  assert.deepEqual(shape(), before);
});

test('wrong marks and options are refused with their name', async (t) => {
  startExact(t);
  const old = leakguard.mark('old');
  leakguard.start({ level: 'exact', interval: '1h', warn: false });
  const calls = [
    () => leakguard.report({ since: old }),
    () => leakguard.report(/** @type {any} */ ({ since: {} })),
    () => leakguard.report(/** @type {any} */ ({ until: old })),
    () => leakguard.mark(/** @type {any} */ (7)),
  ];
  const messages = [/"old" is from before/, /since an object/, /"until"/, /not 7/];
  for (const [index, call] of calls.entries()) {
    assert.throws(call, { code: 'ERR_LEAKGUARD_OPTION', message: messages[index] });
  }
  await assert.rejects(leakguard.settled(/** @type {any} */ ({})), {
    code: 'ERR_LEAKGUARD_OPTION',
    message: /since undefined/,
  });
  leakguard.stop();
  assert.throws(() => leakguard.mark(), { code: 'ERR_LEAKGUARD_LEVEL', message: /start\(\)/ });
});

test('an emitter that emits after its owner is gone keeps nothing alive', async (t) => {
  startExact(t);
  const since = leakguard.mark();
  const ref = (() => {
    const session = { name: 'session' };
    const listener = () => session;
    process.on('SIGUSR2', listener);
    process.off('SIGUSR2', listener);
    return new WeakRef(session);
  })();
  const [message] = await Promise.all([
    once(process, 'marks-test'),
    pause(1).then(() => process.emit(/** @type {any} */ ('marks-test'), 1)),
  ]);
  assert.equal(message[0], 1);
  await leaksSince(since);
  await collectGarbage();
  assert.equal(ref.deref(), undefined);
});

test('what Node registers by itself, to be called once or not, is looked at the first time only', () => {
  const sites = /** @type {any} */ ({ captureRegistration: () => undefined });
  const mark = /** @type {any} */ ({ ordinal: 1, owned: false });
  const registrations = new Registrations({ sites, currentMark: () => mark, say: assert.fail });
  const population = /** @type {any} */ ({ kind: 'listeners', size: () => 1 });
  const bus = new EventEmitter();
  const wantsOnce = (/** @type {() => void} */ listener) => {
    bus.once('x', listener);
    const [wrapper] = bus.rawListeners('x');
    bus.removeAllListeners('x');
    const isWanted = registrations.wants(bus, 'x', wrapper);
    if (isWanted) registrations.added(population, bus, 'x', wrapper, []);
    return isWanted;
  };
  registrations.open(mark);
  const others = () => {};
  assert.deepEqual([wantsOnce(noop), wantsOnce(noop), wantsOnce(others)], [true, false, true]);
  assert.equal(registrations.wants(bus, 'x', noop), false);
});
