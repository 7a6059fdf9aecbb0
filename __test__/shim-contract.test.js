'use strict';

/**
 * One contract for every hooked property: a hooked function is told from the bare one by nothing
 * but its identity, and after `stop()` not even by that. What the hooks find is not asked here.
 *
 * The bare descriptors are taken before leakguard loads. A `recorder` put underneath the hooks sees
 * exactly what the original would be called with.
 */

const { EventEmitter } = require('node:events');
const inspector = require('node:inspector');
const inspectorPromises = require('node:inspector/promises');
const fs = require('node:fs');
const fsPromises = require('node:fs/promises');
const os = require('node:os');
const { Stream } = require('node:stream');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const util = require('node:util');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/**
 * @typedef {object} Hooked
 * @property {string} name
 * @property {any} holder
 * @property {string} key
 * @property {string} shim      as in the report's `shims`
 * @property {() => unknown} makeReceiver   a `this` that the bare function accepts
 * @property {unknown[]} goodArguments
 * @property {[receiver: unknown, ...args: unknown[]][]} badCalls
 * @property {number} [arity]   of a built-in that is called with exactly so many arguments: it reads no
 *   others, and passing them on would cost more than the whole hook
 * @property {(result: any) => void} [dispose]  of what a good call makes
 */

const noop = () => {};
const emitter = () => new EventEmitter();
const nothing = () => undefined;
function connectedSession() {
  const session = new inspector.Session();
  session.connect();
  return session;
}

/** @type {[unknown, ...unknown[]][]} */
const badEmitterCalls = [
  [emitter(), 'x'],
  [emitter(), 'x', null],
  [emitter(), 'x', 'text'],
  [emitter(), 'x', {}],
  [undefined, 'x', noop],
  [null, 'x', noop],
];
/** @type {[unknown, ...unknown[]][]} */
const badTimerCalls = [
  [undefined],
  [undefined, 'text'],
  [undefined, null, 10],
  [undefined, Symbol('callback'), 10, 1, 2],
];
/** @type {[unknown, ...unknown[]][]} */
const badCollectionReceivers = [
  [undefined],
  [null],
  [5],
  ['text'],
  [{}],
  [[]],
  [new WeakMap()],
].map(([receiver]) => [receiver, 'key', 'value']);

const NO_FILE = path.join(__dirname, 'no such file');

/** @param {any} made  a descriptor, stream, watcher or promise of a file */
async function disposeOfFile(made) {
  const file = await made;
  if (typeof file === 'number') fs.closeSync(file);
  else if (file instanceof Stream) file.destroy();
  else if (typeof file?.close === 'function') file.close();
  else fs.unwatchFile(__filename);
}

/** @param {any} timer */
function disposeOfTimer(timer) {
  clearTimeout(timer);
  clearImmediate(timer);
}

/** @type {Hooked[]} */
const HOOKED = [
  ...['on', 'addListener', 'prependListener'].map((key) => ({
    name: `EventEmitter.prototype.${key}`,
    holder: EventEmitter.prototype,
    key,
    shim: 'eventEmitter',
    makeReceiver: emitter,
    goodArguments: ['event', noop],
    badCalls: badEmitterCalls,
  })),
  {
    name: 'EventTarget.prototype.addEventListener',
    holder: EventTarget.prototype,
    key: 'addEventListener',
    shim: 'eventTarget',
    makeReceiver: () => new EventTarget(),
    goodArguments: ['event', noop],
    badCalls: [
      [new EventTarget()],
      [new EventTarget(), 'x'],
      [new EventTarget(), 'x', 5],
      [new EventTarget(), Symbol('x'), noop],
      [new EventTarget(), 'x', noop, { signal: 'none' }],
      [{}, 'x', noop],
      [undefined, 'x', noop],
      [null, 'x', noop],
    ],
  },
  ...[globalThis, timers].flatMap((holder) =>
    ['setTimeout', 'setInterval', 'setImmediate'].map((key) => ({
      name: `${holder === timers ? 'timers' : 'globalThis'}.${key}`,
      holder,
      key,
      shim: 'timers',
      makeReceiver: nothing,
      goodArguments: [noop, 1],
      badCalls: badTimerCalls,
    })),
  ),
  {
    name: "require('timers/promises').setTimeout",
    holder: timersPromises,
    key: 'setTimeout',
    shim: 'timers',
    makeReceiver: nothing,
    goodArguments: [1, 'value'],
    badCalls: [
      [undefined, 1, 'value', 'no options'],
      [undefined, 1, 'value', { signal: 'none' }],
      [undefined, 1, 'value', { ref: 'none' }],
    ],
  },
  {
    name: "require('timers/promises').setImmediate",
    holder: timersPromises,
    key: 'setImmediate',
    shim: 'timers',
    makeReceiver: nothing,
    goodArguments: ['value'],
    badCalls: [
      [undefined, 'value', 'no options'],
      [undefined, 'value', { signal: 'none' }],
    ],
  },
  {
    name: "require('timers/promises').setInterval",
    holder: timersPromises,
    key: 'setInterval',
    shim: 'timers',
    makeReceiver: nothing,
    goodArguments: [1, 'value'],
    badCalls: [],
  },
  {
    name: 'Map.prototype.set',
    holder: Map.prototype,
    key: 'set',
    shim: 'collections',
    makeReceiver: () => new Map(),
    goodArguments: ['key', 'value'],
    arity: 2,
    badCalls: [...badCollectionReceivers, [new Set(), 'key', 'value']],
  },
  {
    name: 'Set.prototype.add',
    holder: Set.prototype,
    key: 'add',
    shim: 'collections',
    makeReceiver: () => new Set(),
    goodArguments: ['key'],
    arity: 1,
    badCalls: [...badCollectionReceivers, [new Map(), 'key']],
  },
  {
    name: 'inspector.Session.prototype.post',
    holder: inspector.Session.prototype,
    key: 'post',
    shim: 'inspector',
    makeReceiver: connectedSession,
    goodArguments: ['Runtime.getIsolateId', noop],
    badCalls: [
      [connectedSession(), 5],
      [connectedSession(), 'Runtime.getIsolateId', 'no parameters'],
      [connectedSession(), 'No.such.method'],
      [new inspector.Session(), 'Runtime.getIsolateId'],
      [undefined, 'Runtime.getIsolateId'],
    ],
  },
  {
    name: 'inspector/promises.Session.prototype.post',
    holder: inspectorPromises.Session.prototype,
    key: 'post',
    shim: 'inspector',
    makeReceiver: connectedSession,
    goodArguments: ['Runtime.getIsolateId'],
    badCalls: [
      [connectedSession(), 5],
      [connectedSession(), 'No.such.method'],
      [new inspector.Session(), 'Runtime.getIsolateId'],
      [undefined, 'Runtime.getIsolateId'],
    ],
    dispose: (answer) => answer.catch(noop),
  },
  ...[
    { key: 'open', good: [__filename, 'r', noop], bad: [[__filename, 'r', 'no function']] },
    {
      key: 'openSync',
      good: [__filename, 'r'],
      bad: [
        [NO_FILE, 'r'],
        [__filename, 'z'],
      ],
    },
    {
      key: 'createReadStream',
      good: [__filename, { start: 1 }],
      bad: [
        [__filename, 5],
        [__filename, { start: 'none' }],
      ],
    },
    { key: 'createWriteStream', good: [os.devNull, { flags: 'a' }], bad: [[os.devNull, 5]] },
    {
      key: 'watch',
      good: [__dirname, { persistent: false }],
      bad: [[NO_FILE], [__dirname, 'no encoding', noop]],
    },
    { key: 'watchFile', good: [__filename, { persistent: false }, noop], bad: [[__filename]] },
  ].map(({ key, good, bad }) => ({
    name: `fs.${key}`,
    holder: fs,
    key,
    shim: 'handles',
    makeReceiver: nothing,
    goodArguments: good,
    badCalls: [[], [undefined], [null], [{}], [Symbol('path')], ['a\0b'], ...bad].map(
      /** @returns {[unknown, ...unknown[]]} */ (args) => [undefined, ...args],
    ),
    dispose: disposeOfFile,
  })),
  {
    name: 'fs.promises.open',
    holder: fsPromises,
    key: 'open',
    shim: 'handles',
    makeReceiver: nothing,
    goodArguments: [__filename, 'r'],
    badCalls: [
      [undefined],
      [undefined, {}],
      [undefined, NO_FILE, 'r'],
      [undefined, __filename, 'z'],
    ],
    dispose: disposeOfFile,
  },
];

/** @param {Hooked} hooked */
const describe = ({ holder, key }) =>
  /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(holder, key));
/** @param {Function} subject */
const outsideOf = (subject) => ({
  prototype: Object.getPrototypeOf(subject),
  extensible: Object.isExtensible(subject),
  keys: Reflect.ownKeys(subject),
  properties: Object.getOwnPropertyDescriptors(subject),
});

/** Before leakguard is loaded, in the order of HOOKED. */
const bareDescriptors = HOOKED.map(describe);
const bareOutsides = bareDescriptors.map(({ value }) => outsideOf(value));

const leakguard = require('..');

/** One tick in an hour: the contract does not depend on what the ticks do. */
const OPTIONS = {
  // With the inspector's hook.
  level: /** @type {const} */ ('survivors'),
  survivors: '1h',
  interval: '1h',
  sensitivity: /** @type {const} */ ('high'),
  warn: false,
};

/** @param {import('node:test').TestContext} t */
function startHooks(t) {
  leakguard.start(OPTIONS);
  t.after(() => leakguard.stop());
}

/** @param {Function} subject */
function isConstructor(subject) {
  try {
    Reflect.construct(Object, [], subject);
    return true;
  } catch {
    return false;
  }
}

function assertBare() {
  for (const [index, hooked] of HOOKED.entries()) {
    assert.deepEqual(describe(hooked), bareDescriptors[index], hooked.name);
    assert.equal(describe(hooked).value, bareDescriptors[index].value, hooked.name);
    assert.deepEqual(outsideOf(describe(hooked).value), bareOutsides[index], hooked.name);
  }
}

/**
 * What a call comes to, with a promise's outcome in its place.
 * @param {Function} subject
 * @param {unknown[]} call  receiver and arguments
 */
async function outcomeOf(subject, [receiver, ...args]) {
  try {
    const result = await Reflect.apply(subject, receiver, args);
    return { returned: typeof result };
  } catch (error) {
    const { name, message, code } = /** @type {NodeJS.ErrnoException} */ (error);
    return { name, message, code };
  }
}

/**
 * Runs an action, which must not wait, with a function underneath the hooks wherever the hooked one
 * is found. The test runner itself uses what is replaced here, as soon as the action is over.
 * @param {Hooked} hooked
 * @param {unknown[]} receivers  for others it is the bare function: leakguard uses Maps and Sets too
 * @param {(receiver: unknown, args: unknown[]) => unknown} recorder
 * @param {() => void} action
 */
function withUnderneath(hooked, receivers, recorder, action) {
  leakguard.stop();
  const bare = bareDescriptors[HOOKED.indexOf(hooked)];
  const places = HOOKED.filter((_, index) => bareDescriptors[index].value === bare.value);
  /**
   * @this {unknown}
   * @param {...unknown} args
   */
  function underneath(...args) {
    return receivers.includes(this) ? recorder(this, args) : Reflect.apply(bare.value, this, args);
  }
  for (const { holder, key } of places) {
    Object.defineProperty(holder, key, { ...bare, value: underneath });
  }
  try {
    leakguard.start(OPTIONS);
    action();
  } finally {
    leakguard.stop();
    for (const place of places) {
      Object.defineProperty(place.holder, place.key, bareDescriptors[HOOKED.indexOf(place)]);
    }
  }
  assertBare();
}

for (const [index, hooked] of HOOKED.entries()) {
  const bare = bareDescriptors[index];
  const { name, holder, key, shim, makeReceiver, goodArguments, badCalls, arity, dispose } = hooked;

  test(`${name} is replaced while started, and its shim says so`, (t) => {
    startHooks(t);
    assert.notEqual(holder[key], bare.value);
    assert.equal(leakguard.report().shims[shim], 'on');
  });

  test(`${name} keeps its name, length, prototype chain and own keys with their descriptors`, (t) => {
    startHooks(t);
    assert.equal(holder[key].name, bare.value.name);
    assert.equal(holder[key].length, bare.value.length);
    const outside = outsideOf(holder[key]);
    // The order of keys as well: Reflect.ownKeys shows it.
    assert.deepEqual(outside, bareOutsides[index]);
  });

  test(`${name} has an own prototype, or none, just as bare`, (t) => {
    startHooks(t);
    assert.equal(Object.hasOwn(holder[key], 'prototype'), Object.hasOwn(bare.value, 'prototype'));
  });

  if (isConstructor(bare.value)) {
    test(`${name} gives the same kind of object to new`, async (t) => {
      startHooks(t);
      const made = new bare.value(...goodArguments);
      const madeHooked = new holder[key](...goodArguments);
      t.after(() =>
        Promise.all([made, madeHooked].map((each) => (dispose ?? disposeOfTimer)(each))),
      );
      assert.equal(Object.getPrototypeOf(madeHooked), Object.getPrototypeOf(made));
      assert.ok(!(made instanceof bare.value) || madeHooked instanceof holder[key]);
    });
  }

  test(`${name} keeps the descriptor of its property`, (t) => {
    startHooks(t);
    const { value: _ours, ...attributes } = describe(hooked);
    const { value: _theirs, ...expected } = bare;
    assert.deepEqual(attributes, expected);
    assert.deepEqual(Object.keys(holder).includes(key), bare.enumerable);
  });

  test(`${name} passes on this and every argument, and hands back the very result`, () => {
    /** @type {{ receiver: unknown, args: unknown[], result: object }[]} */
    const calls = [];
    const receivers = [makeReceiver(), undefined, { some: 'object' }];
    withUnderneath(
      hooked,
      receivers,
      (receiver, args) => {
        const result = { unref() {} };
        calls.push({ receiver, args, result });
        return result;
      },
      () => {
        for (const receiver of receivers) {
          for (const args of [
            goodArguments,
            [...goodArguments, { third: true }],
            [...goodArguments, 3, 4, 5, 6],
            goodArguments.slice(0, 1),
            [],
          ]) {
            calls.length = 0;
            const returned = Reflect.apply(holder[key], receiver, args);
            assert.equal(calls.length, 1);
            assert.equal(calls[0].receiver, receiver);
            const expected =
              arity === undefined ? args : Array.from({ length: arity }, (_, at) => args[at]);
            assert.deepEqual(calls[0].args, expected);
            assert.ok(calls[0].args.every((arg, at) => Object.is(arg, expected[at])));
            assert.equal(returned, calls[0].result);
          }
        }
        assert.equal(leakguard.report().shims[shim], 'on');
      },
    );
  });

  test(`${name} hands back a result that is no object, and stays on`, () => {
    const receiver = makeReceiver();
    for (const result of [undefined, null, 0, 7, 'text']) {
      withUnderneath(
        hooked,
        [receiver],
        () => result,
        () => {
          assert.equal(Reflect.apply(holder[key], receiver, goodArguments), result);
          assert.equal(leakguard.report().shims[shim], 'on');
        },
      );
    }
  });

  test(`${name} throws what the original throws, the very object`, () => {
    const thrown = new RangeError('as the original says');
    const receiver = makeReceiver();
    withUnderneath(
      hooked,
      [receiver],
      () => {
        throw thrown;
      },
      () => {
        assert.throws(
          () => Reflect.apply(holder[key], receiver, goodArguments),
          (error) => error === thrown,
        );
        assert.equal(leakguard.report().shims[shim], 'on');
      },
    );
  });

  test(`${name} refuses bad calls in the words of the original`, async (t) => {
    for (const call of badCalls) {
      leakguard.stop();
      const expected = await outcomeOf(bare.value, call);
      startHooks(t);
      assert.deepEqual(await outcomeOf(holder[key], call), expected);
    }
    startHooks(t);
    assert.equal(leakguard.report().shims[shim], 'on');
  });

  test(`${name} is the original again after stop`, (t) => {
    startHooks(t);
    leakguard.stop();
    assert.deepEqual(describe(hooked), bare);
    assert.equal(holder[key], bare.value);
    assert.equal(leakguard.report().shims[shim], 'off');
  });

  test(`${name} under somebody else's patch is left in place, passes through and is said to be buried`, (t) => {
    startHooks(t);
    const ours = holder[key];
    const receiver = makeReceiver();
    let theirCalls = 0;
    /**
     * @this {unknown}
     * @param {...unknown} args
     */
    function theirs(...args) {
      if (this === receiver) theirCalls += 1;
      return Reflect.apply(ours, this, args);
    }
    Object.defineProperty(holder, key, { ...bare, value: theirs });
    const use = () => {
      const made = Reflect.apply(holder[key], receiver, goodArguments);
      (dispose ?? disposeOfTimer)(made);
    };

    try {
      assert.equal(leakguard.report().shims[shim], 'buried', 'while started');
      leakguard.stop();
      assert.equal(holder[key], theirs, 'stop leaves their patch');
      assert.equal(leakguard.report().shims[shim], 'buried', 'after stop');
      use();
      assert.equal(theirCalls, 1);

      leakguard.start(OPTIONS);
      assert.equal(holder[key], theirs, 'a new start does not wrap their patch');
      use();
      assert.equal(theirCalls, 2);
      leakguard.stop();
    } finally {
      Object.defineProperty(holder, key, { ...bare, value: ours });
    }
    leakguard.start(OPTIONS);
    assert.equal(holder[key], ours, 'the wrapper that was never taken out is used, not wrapped');
    assert.equal(leakguard.report().shims[shim], 'on', 'their patch is gone');
    leakguard.stop();
    assertBare();
  });
}

test('functions that were one are still one', (t) => {
  const same = () =>
    HOOKED.map((one) => HOOKED.map((other) => describe(one).value === describe(other).value));
  leakguard.stop();
  const expected = same();
  startHooks(t);
  assert.deepEqual(same(), expected);
  assert.equal(EventEmitter.prototype.on, EventEmitter.prototype.addListener);
  for (const key of /** @type {const} */ (['setTimeout', 'setInterval', 'setImmediate'])) {
    assert.equal(globalThis[key], timers[key]);
    assert.equal(timers.promises[key], timersPromises[key]);
  }
});

test('a second start without options and a second stop change nothing', (t) => {
  startHooks(t);
  const started = HOOKED.map((hooked) => describe(hooked).value);
  leakguard.start();
  assert.ok(HOOKED.every((hooked, index) => describe(hooked).value === started[index]));
  leakguard.stop();
  assertBare();
  leakguard.stop();
  assertBare();
});

test('a hundred starts and stops leave every descriptor as it was', () => {
  for (let round = 0; round < 100; round += 1) {
    leakguard.start(OPTIONS);
    leakguard.stop();
  }
  assertBare();
});

test('a hundred starts with options do not stack wrappers', (t) => {
  startHooks(t);
  for (let round = 0; round < 100; round += 1) leakguard.start(OPTIONS);
  leakguard.stop();
  assertBare();
});

test('named ESM imports follow every start and stop', async (t) => {
  leakguard.stop();
  const imported = await import(
    pathToFileURL(path.join(__dirname, 'fixtures', 'named-imports.mjs')).href
  );
  const assertInStep = () => {
    assert.equal(imported.setTimeout, timers.setTimeout);
    assert.equal(imported.setInterval, timers.setInterval);
    assert.equal(imported.setImmediate, timers.setImmediate);
    assert.equal(imported.timeoutPromise, timersPromises.setTimeout);
    assert.equal(imported.intervalPromise, timersPromises.setInterval);
    assert.equal(imported.immediatePromise, timersPromises.setImmediate);
    assert.equal(imported.openSync, fs.openSync);
    assert.equal(imported.openPromise, fsPromises.open);
  };
  const bare = imported.setTimeout;
  assertInStep();
  startHooks(t);
  assertInStep();
  assert.notEqual(imported.setTimeout, bare);
  leakguard.stop();
  assertInStep();
  assert.equal(imported.setTimeout, bare);
});

test('util.promisify of the hooked timers gives their promise forms', async (t) => {
  startHooks(t);
  assert.equal(await util.promisify(setTimeout)(1, 'timeout'), 'timeout');
  assert.equal(await util.promisify(setImmediate)('immediate'), 'immediate');
  assert.equal(
    /** @type {any} */ (setTimeout)[util.promisify.custom],
    bareDescriptors[HOOKED.findIndex(({ name }) => name === 'globalThis.setTimeout')].value[
      util.promisify.custom
    ],
  );
});

test('timers are the very objects that Node makes', (t) => {
  startHooks(t);
  const timer = setTimeout(noop, 1000);
  assert.equal(timer.constructor.name, 'Timeout');
  assert.equal(timer.unref(), timer);
  assert.equal(timer.ref(), timer);
  assert.equal(timer.refresh(), timer);
  assert.equal(timer.hasRef(), true);
  assert.equal(timer.close(), timer);
  const immediate = setImmediate(noop);
  assert.equal(immediate.constructor.name, 'Immediate');
  clearImmediate(immediate);
});

test('callbacks get their arguments, and this is the timer', async (t) => {
  startHooks(t);
  for (const create of [setTimeout, setInterval, setImmediate]) {
    const { promise, resolve } = newPromise();
    const delay = create === setImmediate ? [] : [1];
    /** @type {any} */
    const timer = /** @type {any} */ (create)(
      /**
       * @this {unknown}
       * @param {...unknown} args
       */
      function callback(...args) {
        resolve([this, args]);
      },
      ...delay,
      1,
      2,
      3,
      4,
      5,
    );
    const [receiver, args] = await promise;
    clearInterval(timer);
    assert.equal(receiver, timer);
    assert.deepEqual(args, [1, 2, 3, 4, 5]);
  }
});

test('listeners are kept as they are: they can be removed and are listed', (t) => {
  startHooks(t);
  const one = new EventEmitter();
  const listener = () => {};
  for (const method of /** @type {const} */ ([
    'on',
    'addListener',
    'prependListener',
    'once',
    'prependOnceListener',
  ])) {
    assert.equal(one[method]('event', listener), one);
    assert.deepEqual(one.listeners('event'), [listener]);
    one.removeListener('event', listener);
    assert.equal(one.listenerCount('event'), 0);
  }
  for (let count = 0; count < 50; count += 1) one.on('many', listener);
  for (let count = 0; count < 50; count += 1) one.off('many', listener);
  assert.equal(one.listenerCount('many'), 0);
  assert.deepEqual(one.eventNames(), []);
});

test('no visible mark is left on emitters, targets, timers and collections', (t) => {
  startHooks(t);
  const one = new EventEmitter().setMaxListeners(0);
  const target = new EventTarget();
  const map = new Map();
  const set = new Set();
  const fresh = [new EventEmitter(), new EventTarget(), new Map(), new Set()].map(Reflect.ownKeys);
  for (let index = 0; index < 500; index += 1) {
    one.on('event', () => {});
    target.addEventListener('event', () => {});
    map.set(index, index);
    set.add(index);
  }
  const timer = setTimeout(noop, 1);
  const used = [one, target, map, set].map(Reflect.ownKeys);
  assert.deepEqual(new Set(used.flat()), new Set(fresh.flat()));
  leakguard.stop();
  const bareTimer = setTimeout(noop, 1);
  assert.deepEqual(Reflect.ownKeys(timer), Reflect.ownKeys(bareTimer));
  clearTimeout(timer);
  clearTimeout(bareTimer);
});

test('Map and Set built from an iterable, and their subclasses, call set and add as bare', (t) => {
  startHooks(t);
  /** @type {unknown[][]} */
  const calls = [];
  class Noting extends Map {
    /**
     * @param {unknown} key
     * @param {unknown} value
     */
    set(key, value) {
      calls.push([key, value]);
      return super.set(key, value);
    }
  }
  const noting = new Noting([
    ['a', 1],
    ['b', 2],
  ]);
  assert.deepEqual(calls, [
    ['a', 1],
    ['b', 2],
  ]);
  assert.deepEqual([...noting], calls);
  assert.deepEqual([...new Set([1, 2, 2])], [1, 2]);
  const map = new Map();
  assert.equal(map.set('key', 'value'), map);
  const set = new Set();
  assert.equal(set.add('key'), set);
});

/** @returns {{ promise: Promise<any>, resolve: (value: unknown) => void }} */
function newPromise() {
  /** @type {any} */
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
