'use strict';

/**
 * What hangs on globals: new keys, what the values hold, modules. Getters and traps of the host are
 * never run, and what Node itself makes of its globals is no news.
 */

const { expectHealthy, leakguard, lineOf, repeat, startQuick, untilLeak } = require('./ticks');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { temporaryFolder } = require('./child');

/** @type {any} */
const host = globalThis;

/**
 * Takes keys off again after the test.
 * @param {import('node:test').TestContext} t
 */
function restoreGlobals(t) {
  const before = new Set(Reflect.ownKeys(globalThis));
  t.after(() => {
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!before.has(key)) Reflect.deleteProperty(globalThis, key);
    }
  });
}

/** @param {string} owner */
const isOf = (owner) => (/** @type {import('..').Finding} */ finding) =>
  finding.kind === 'globals' && finding.owner === owner;
/** @param {import('..').Finding} finding */
const isGlobals = ({ kind }) => kind === 'globals';

test('keys that are put on globalThis for good are a leak, symbols among them', async (t) => {
  restoreGlobals(t);
  startQuick(t);
  const finding = await untilLeak((round) => {
    host[`request ${round}`] = round;
    host[Symbol(round)] = round;
  }, isOf('globalThis'));
  assert.equal(finding.what, 'global');
  assert.match(finding.title, /^globalThis \(global\) of \d+ keys$/);
  assert.match(finding.advice, /const or let/);
});

test('keys from before the start, and globals that Node makes when asked, do not count', async (t) => {
  restoreGlobals(t);
  for (let index = 0; index < 200; index += 1) host[`early ${index}`] = index;
  startQuick(t);
  await expectHealthy(() => [host.fetch, host.crypto, host.navigator, host.Blob], isGlobals);
  assert.deepEqual(leakguard.report().findings.filter(isGlobals), []);
});

/** @type {[what: string, make: () => any, add: (target: any, key: string) => void][]} */
const HELD = [
  ['Map', () => new Map(), (target, key) => target.set(key, 1)],
  ['Set', () => new Set(), (target, key) => target.add(key)],
  ['array', () => [], (target, key) => target.push(key)],
  [
    'object',
    () => ({}),
    (target, key) => {
      target[key] = 1;
    },
  ],
  [
    'size',
    () => Object.assign(Object.create({}), { size: 0 }),
    (target) => {
      target.size += 1;
    },
  ],
];

for (const [what, make, add] of HELD) {
  test(`a global ${what} that only grows is a leak under its name`, async (t) => {
    restoreGlobals(t);
    startQuick(t);
    host.registry = make();
    const finding = await untilLeak((round) => {
      for (let index = 0; index < 10; index += 1) add(host.registry, `${round}:${index}`);
    }, isOf('globalThis.registry'));
    assert.equal(finding.what, what);
  });
}

test('a collection one object further is found too, and the line that fills a Map with it', async (t) => {
  restoreGlobals(t);
  startQuick(t);
  host.app = { sessions: new Map() };
  const finding = await untilLeak((round) => {
    for (let index = 0; index < 10; index += 1) {
      host.app.sessions.set(`${round}:${index}`, 1); // leak: global map
    }
  }, isOf('globalThis.app.sessions'));
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: global map'));
  const others = leakguard.report().leaks.filter(({ kind }) => kind === 'collections');
  assert.deepEqual(others, [], 'one cause, one finding');
});

test('a global cache that is bounded is healthy', async (t) => {
  restoreGlobals(t);
  startQuick(t);
  host.cache = new Map();
  await expectHealthy((round) => {
    for (let index = 0; index < 50; index += 1) host.cache.set(`${round}:${index}`, 1);
    for (const key of host.cache.keys()) {
      if (host.cache.size <= 300) break;
      host.cache.delete(key);
    }
  }, isGlobals);
});

test('no getter, trap or size of the host is run', async (t) => {
  restoreGlobals(t);
  const forbidden = () => assert.fail('code of the host was run');
  const traps = new Proxy({}, { get: () => forbidden });
  Object.defineProperty(host, 'lazy', { get: forbidden, configurable: true });
  host.trapped = new Proxy({}, traps);
  host.sized = Object.defineProperty({}, 'size', { get: forbidden });
  host.holder = Object.defineProperty({ inner: new Proxy({}, traps) }, 'lazy', { get: forbidden });
  host.instance = new (class {
    get size() {
      return forbidden();
    }
  })();
  startQuick(t);
  await repeat(() => {}, 5);
  assert.ok(leakguard.report().ticks >= 5, 'no tick failed');
});

test('modules that are loaded under ever new names are a leak', async (t) => {
  const cache = /** @type {any} */ (nodeModule)._cache;
  /** @type {string[]} */
  const names = [];
  t.after(() => {
    for (const name of names) delete cache[name];
  });
  startQuick(t);
  const finding = await untilLeak((round) => {
    const name = `/app/config.js?${round}`;
    names.push(name);
    cache[name] = new nodeModule.Module(name);
  }, isOf('require.cache'));
  assert.match(finding.title, /^require.cache \(object\) of \d+ keys$/);
});

test('files that a program makes and loads are a leak', async (t) => {
  const folder = temporaryFolder(t);
  startQuick(t);
  const finding = await untilLeak((round) => {
    const file = path.join(folder, `page-${round}.js`);
    fs.writeFileSync(file, 'module.exports = (name) => name;');
    require(file);
  }, isOf('require.cache'));
  assert.equal(finding.severity, 'leak');
});

test('modules that are as old as the program and loaded one by one are none', async (t) => {
  const folder = temporaryFolder(t);
  const files = Array.from({ length: 90 }, (_, index) => path.join(folder, `page-${index}.js`));
  const installed = new Date('2020-01-01');
  for (const file of files) {
    fs.writeFileSync(file, 'module.exports = (name) => name;');
    fs.utimesSync(file, installed, installed);
  }
  startQuick(t);
  await expectHealthy((round) => require(files[round % files.length]), isOf('require.cache'));
});

test('a collection that the host watches by name keeps that name', async (t) => {
  restoreGlobals(t);
  startQuick(t);
  host.sessions = new Map(Array.from({ length: 200 }, (_, index) => [index, index]));
  const watch = leakguard.watch('my sessions', host.sessions);
  t.after(() => watch.stop());
  const finding = await untilLeak(
    (round) => {
      for (let index = 0; index < 10; index += 1) host.sessions.set(`${round}:${index}`, 1);
    },
    ({ owner }) => owner.includes('sessions'),
  );
  assert.equal(finding.owner, 'my sessions');
});

test('a size that is none, and a module whose exports are yet to be made, are passed over', async (t) => {
  startQuick(t);
  const held = /** @type {any} */ (globalThis);
  t.after(() => {
    for (const key of ['box', 'early']) delete held[key];
  });
  class Box {
    size = -1;
  }
  held.box = new Box();
  const file = path.join(temporaryFolder(t), 'early.mjs');
  fs.writeFileSync(
    file,
    `import * as self from ${JSON.stringify(pathToFileURL(file).href)};
     globalThis.early = self;
     await new Promise((resolve) => setTimeout(resolve, 100));
     export const late = 1;`,
  );
  await import(pathToFileURL(file).href);
  await repeat(() => undefined, 4);
  assert.equal(leakguard.report().shims.collections, 'on');
  assert.equal((await leakguard.check(() => undefined)).verdict, 'clean');
});
