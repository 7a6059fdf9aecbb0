'use strict';

/**
 * Timers by the line that makes them. Whether one still lives is asked of the timer, so every way of
 * ending one must count: cleared by object, number or text, closed, disposed of, fired.
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
const { setMaxListeners } = require('node:events');
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { installLibrary } = require('./fixtures/library');

const HOUR_MS = 3_600_000;
const noop = () => {};
/** @param {import('..').Finding} finding */
const isTimers = ({ kind }) => kind === 'timers';

/**
 * Timers to be cleared when the test is over.
 * @param {import('node:test').TestContext} t
 */
function disposables(t) {
  /** @type {NodeJS.Timeout[]} */
  const made = [];
  t.after(() => {
    for (const timer of made) clearTimeout(timer);
  });
  return made;
}

test('intervals that are never cleared are a leak of the line that makes them', async (t) => {
  startQuick(t);
  const made = disposables(t);
  const finding = await untilLeak(function connect() {
    made.push(setInterval(noop, HOUR_MS)); // leak: interval
  }, isTimers);
  assert.equal(finding.what, 'interval');
  assert.equal(finding.site?.file, __filename);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: interval'));
  assert.equal(finding.site?.function, 'connect');
  assert.equal(finding.count, made.length);
  assert.match(finding.advice, /clearInterval/);
});

test('one interval of four is a leak though the others go after three ticks', async (t) => {
  startQuick(t);
  const made = disposables(t);
  /** Those that go, by tick. @type {NodeJS.Timeout[][]} */
  const visits = [];
  const open = () => setInterval(noop, HOUR_MS); // leak: one of four
  const finding = await untilLeak(() => {
    made.push(open());
    visits.push([open(), open(), open()]);
    if (visits.length > 3) visits.shift()?.forEach(clearInterval);
  }, isTimers);
  for (const timer of visits.flat()) clearInterval(timer);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: one of four'));
});

test('intervals made through the module are found like those of the global', async (t) => {
  startQuick(t);
  const made = disposables(t);
  const finding = await untilLeak(() => {
    made.push(timers.setInterval(noop, HOUR_MS)); // leak: module interval
  }, isTimers);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: module interval'));
});

test('timeouts far in the future are a leak of the line that makes them', async (t) => {
  startQuick(t, { floors: { timeouts: 64 } });
  const made = disposables(t);
  const finding = await untilLeak(function remind() {
    for (let count = 0; count < 100; count += 1) {
      made.push(setTimeout(noop, HOUR_MS)); // leak: timeout
    }
  }, isTimers);
  assert.equal(finding.what, 'timeout');
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: timeout'));
  assert.equal(finding.site?.function, 'remind');
  // Sampled, each sample standing for as many as were passed over.
  assert.ok(finding.count > made.length / 3 && finding.count < made.length * 3, `${finding.count}`);
});

test('promises of timers/promises that will not settle for long are found too', async (t) => {
  startQuick(t, { floors: { timeouts: 64 } });
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  /** @type {Promise<unknown>[]} */
  const held = [];
  t.after(() => controller.abort());
  const finding = await untilLeak(
    () => {
      for (let count = 0; count < 50; count += 1) {
        const promise = timersPromises.setTimeout(HOUR_MS, null, { signal: controller.signal }); // leak: promise
        promise.catch(noop);
        held.push(promise);
      }
    },
    (finding) => isTimers(finding) && finding.what === 'timeout',
  );
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: promise'));
});

test('promise intervals whose loops go on are found once collections have left them', async (t) => {
  startQuick(t);
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  t.after(() => controller.abort());
  async function poll() {
    const options = { signal: controller.signal, ref: false };
    const rounds = timersPromises.setInterval(HOUR_MS, null, options); // leak: promise interval
    for await (const _ of rounds) noop();
  }
  const finding = await untilLeak(
    async () => {
      poll().catch(noop);
      await collectGarbage();
    },
    (finding) => isTimers(finding),
  );
  assert.equal(finding.what, 'interval');
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: promise interval'));
});

test('intervals of a package name the package and the application', async (t) => {
  startQuick(t);
  const made = disposables(t);
  const { file, library } = installLibrary(t);
  const finding = await untilLeak(function connect() {
    made.push(library.poll(noop)); // calls: poll
  }, isTimers);
  assert.equal(finding.site?.package, 'greedy-library');
  assert.equal(finding.site?.line, lineOf(file, 'leak: interval'));
  assert.equal(finding.site?.app?.line, lineOf(__filename, 'calls: poll'));
  assert.equal(finding.site?.app?.function, 'connect');
});

test('a thousand intervals made at start are not accused beside one that leaks', async (t) => {
  startQuick(t);
  const made = disposables(t);
  for (let count = 0; count < 1000; count += 1) made.push(setInterval(noop, HOUR_MS));
  await repeat(noop, 20);
  const finding = await untilLeak(() => {
    made.push(setInterval(noop, HOUR_MS)); // leak: beside many
  }, isTimers);
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: beside many'));
  assert.equal(leakguard.report().leaks.filter(isTimers).length, 1);
});

/** @type {Record<string, (timer: any) => void>} */
const ENDS = {
  'clearInterval by object': (timer) => clearInterval(timer),
  'clearTimeout, which is the same': (timer) => clearTimeout(timer),
  'clearInterval by number': (timer) => clearInterval(Number(timer)),
  'clearInterval by text': (timer) => clearInterval(String(Number(timer))),
  'close()': (timer) => timer.close(),
};
const dispose = /** @type {any} */ (Symbol).dispose;
if (dispose !== undefined) {
  ENDS['Symbol.dispose'] = (timer) => (timer[dispose] ?? timer.close).call(timer);
}

for (const [way, end] of Object.entries(ENDS)) {
  test(`intervals and timeouts ended by ${way} are healthy`, async (t) => {
    startQuick(t, { floors: { timeouts: 16 } });
    await expectHealthy(() => {
      const made = Array.from({ length: 40 }, () => [
        setInterval(noop, HOUR_MS),
        setTimeout(noop, HOUR_MS),
      ]);
      for (const timer of made.flat()) end(timer);
    }, isTimers);
    await repeat(noop, 2);
    assert.deepEqual(leakguard.report().findings.filter(isTimers), []);
  });
}

test('timeouts and immediates that fire are healthy', async (t) => {
  startQuick(t, { floors: { timeouts: 16 } });
  let fired = 0;
  const count = () => {
    fired += 1;
  };
  await expectHealthy(() => {
    for (let made = 0; made < 200; made += 1) {
      setTimeout(count, 1);
      setImmediate(count);
    }
  }, isTimers);
  assert.ok(fired > 0);
});

test('promises of timers/promises that settle are healthy', async (t) => {
  startQuick(t, { floors: { timeouts: 16 } });
  await expectHealthy(async () => {
    const pending = Array.from({ length: 100 }, () => timersPromises.setTimeout(1));
    await Promise.all([...pending, timersPromises.setImmediate()]);
  }, isTimers);
});

test('promise timeouts that their signal ends in time are healthy, though nothing has collected them yet', async (t) => {
  startQuick(t, { floors: { timeouts: 16 } });
  await expectHealthy(async () => {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const options = { signal: controller.signal };
    const pending = Array.from({ length: 20 }, () =>
      timersPromises.setTimeout(HOUR_MS, null, options).catch(noop),
    );
    controller.abort();
    await Promise.all(pending);
  }, isTimers);
});

test('promise intervals whose loop is left are healthy, though nothing has collected them yet', async (t) => {
  startQuick(t);
  await expectHealthy(async () => {
    for await (const _ of timersPromises.setInterval(1)) break;
  }, isTimers);
});

test('connections that clear their interval when they end are healthy', async (t) => {
  startQuick(t);
  /** @type {NodeJS.Timeout[]} */
  const open = [];
  t.after(() => open.forEach(clearInterval));
  await expectHealthy(() => {
    for (let count = 0; count < 5; count += 1) open.push(setInterval(noop, HOUR_MS));
    while (open.length > 30) clearInterval(open.shift());
  }, isTimers);
});

test('a timer that refreshes itself is one timer', async (t) => {
  startQuick(t, { floors: { timeouts: 4 } });
  const made = disposables(t);
  const timer = setTimeout(noop, HOUR_MS);
  made.push(timer);
  await expectHealthy(() => timer.refresh(), isTimers);
});

test('a leak that ends recovers when its timers are cleared', async (t) => {
  startQuick(t);
  const made = disposables(t);
  await untilLeak(() => made.push(setInterval(noop, HOUR_MS)), isTimers);
  for (const timer of made) clearInterval(timer);
  await repeat(noop, 40);
  assert.deepEqual(leakguard.report().findings.filter(isTimers), []);
});
