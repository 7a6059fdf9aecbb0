'use strict';

/**
 * Listeners of EventTarget and AbortSignal, where calls cannot be counted: duplicates, `once`,
 * `signal` and listeners that Node holds weakly must not be taken for what stays.
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
const { addAbortListener, getEventListeners, setMaxListeners } = require('node:events');
const { PassThrough, addAbortSignal } = require('node:stream');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { installLibrary } = require('./fixtures/library');

/** @param {import('..').Finding} finding */
const isListeners = ({ kind }) => kind === 'listeners';

/**
 * @template {EventTarget} T
 * @param {T} target
 */
function unlimited(target) {
  setMaxListeners(0, target);
  return target;
}

test('listeners that pile up on an EventTarget are a leak of the line that adds them', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  const finding = await untilLeak(function subscribe() {
    target.addEventListener('tick', () => {}); // leak: target
  }, isListeners);
  assert.equal(finding.what, 'EventTarget');
  assert.equal(finding.owner, "EventTarget 'tick'");
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: target'));
  assert.equal(finding.site?.function, 'subscribe');
  assert.equal(finding.count, getEventListeners(target, 'tick').length);
});

test('abort listeners on a long-lived signal are a leak of an AbortSignal, with advice for it', async (t) => {
  startQuick(t);
  const { signal } = new AbortController();
  unlimited(signal);
  const finding = await untilLeak(function request() {
    signal.addEventListener('abort', () => {}, { once: true }); // leak: abort
  }, isListeners);
  assert.equal(finding.what, 'AbortSignal');
  assert.equal(finding.owner, "AbortSignal 'abort'");
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: abort'));
  assert.match(finding.advice, /signal/i);
});

test('a leak on a signal inside a package names the package and the application', async (t) => {
  startQuick(t);
  const { file, library } = installLibrary(t);
  const { signal } = new AbortController();
  unlimited(signal);
  const finding = await untilLeak(function handleRequest() {
    library.request(signal); // calls: request
  }, isListeners);
  assert.equal(finding.site?.package, 'greedy-library');
  assert.equal(finding.site?.line, lineOf(file, 'leak: abort'));
  assert.equal(finding.site?.app?.line, lineOf(__filename, 'calls: request'));
});

test('listener objects with handleEvent count like functions', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  await untilLeak(() => target.addEventListener('tick', { handleEvent() {} }), isListeners);
});

test('subclasses are called by their own name', async (t) => {
  startQuick(t);
  class Door extends EventTarget {}
  const door = unlimited(new Door());
  const finding = await untilLeak(() => door.addEventListener('open', () => {}), isListeners);
  assert.equal(finding.owner, "Door 'open'");
});

test('the same listener added again and again is one listener, and healthy', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  for (let count = 0; count < 20; count += 1) target.addEventListener('tick', () => {});
  const same = () => {};
  await expectHealthy(() => {
    for (let count = 0; count < 10; count += 1) target.addEventListener('tick', same);
    for (let count = 0; count < 10; count += 1) target.addEventListener('tick', same, true);
  }, isListeners);
  assert.equal(getEventListeners(target, 'tick').length, 22);
});

test('once listeners that fire are healthy', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  await expectHealthy(() => {
    for (let count = 0; count < 20; count += 1) {
      target.addEventListener('tick', () => {}, { once: true });
    }
    target.dispatchEvent(new Event('tick'));
  }, isListeners);
});

test('listeners that a signal removes are healthy', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  await expectHealthy(() => {
    const controller = new AbortController();
    unlimited(controller.signal);
    for (let count = 0; count < 20; count += 1) {
      target.addEventListener('tick', () => {}, { signal: controller.signal });
    }
    controller.abort();
  }, isListeners);
  assert.equal(getEventListeners(target, 'tick').length, 0);
});

test('a listener refused because its signal is aborted already is not counted', async (t) => {
  startQuick(t);
  const target = unlimited(new EventTarget());
  const signal = AbortSignal.abort();
  await expectHealthy(() => {
    for (let count = 0; count < 20; count += 1) {
      target.addEventListener('tick', () => {}, { signal });
    }
  }, isListeners);
});

test('abort listeners that are disposed of in time are healthy', async (t) => {
  if (typeof addAbortListener !== 'function') return t.skip('needs events.addAbortListener');
  startQuick(t);
  const { signal } = new AbortController();
  unlimited(signal);
  const dispose = /** @type {any} */ (Symbol).dispose;
  await expectHealthy(() => {
    const held = Array.from({ length: 20 }, () => addAbortListener(signal, () => {}));
    for (const one of held) /** @type {any} */ (one)[dispose]();
  }, isListeners);
});

test('abort listeners that Node adds for a stream are laid to the line of the user', async (t) => {
  startQuick(t);
  const { signal } = new AbortController();
  unlimited(signal);
  const finding = await untilLeak(function open() {
    addAbortSignal(signal, new PassThrough()); // leak: stream
  }, isListeners);
  assert.equal(finding.what, 'AbortSignal');
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: stream'));
});

test('signals made by AbortSignal.any and dropped are healthy', async (t) => {
  startQuick(t);
  const { signal } = new AbortController();
  unlimited(signal);
  await expectHealthy(() => {
    for (let count = 0; count < 10; count += 1) {
      AbortSignal.any([signal]).addEventListener('abort', () => {});
    }
  }, isListeners);
});

test('targets that are dropped with their listeners are healthy and not kept', async (t) => {
  // The resident memory, which follows the machine, is no subject here.
  startQuick(t, { floors: { heapBytes: 2 ** 30 } });
  /** @type {WeakRef<EventTarget>[]} */
  const dropped = [];
  await expectHealthy(() => {
    const target = unlimited(new EventTarget());
    for (let count = 0; count < 30; count += 1) target.addEventListener('tick', () => {});
    dropped.push(new WeakRef(target));
  }, isListeners);
  await repeat(collectGarbage, 5);
  assert.equal(dropped.filter((ref) => ref.deref() !== undefined).length, 0);
  // The heap itself is followed from the first full collection on.
  assert.equal(leakguard.report().ledger.tracked, 1);
});
