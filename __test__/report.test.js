'use strict';

/**
 * What is told: the report in its forms, warnings, the diagnostics channel, listeners of 'finding',
 * and what `ignore` takes out.
 */

const { leakguard, lineOf, nextTick, repeat, startQuick, untilLeak } = require('./ticks');
const diagnosticsChannel = require('node:diagnostics_channel');
const { EventEmitter } = require('node:events');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { version } = require('../package.json');
const { program, runNode, REGISTER } = require('./child');
const { assertValidReport, schema } = require('./report-schema');

/** In which all kinds are surely told: twice what the slowest of them takes on a busy machine. */
const ALL_TICKS = 90;
const noop = () => {};
const unlimited = () => new EventEmitter().setMaxListeners(0);

/**
 * Warnings of this process for the length of a test.
 * @param {import('node:test').TestContext} t
 */
function collectWarnings(t) {
  /** @type {any[]} */
  const warnings = [];
  /** @param {Error} warning */
  const listener = (warning) => warnings.push(warning);
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  return warnings;
}

/** Leaks of every kind that the hooks find, one step. */
function createLeaks() {
  const bus = unlimited();
  const { signal } = new AbortController();
  require('node:events').setMaxListeners(0, signal);
  const map = new Map();
  /** @type {NodeJS.Timeout[]} */
  const intervals = [];
  return {
    /** @param {number} round */
    step(round) {
      bus.on('tick', noop);
      signal.addEventListener('abort', () => {});
      intervals.push(setInterval(noop, 3_600_000));
      for (let count = 0; count < 20; count += 1) map.set(`${round} ${count}`, count);
    },
    end: () => intervals.forEach(clearInterval),
  };
}

test('a fresh report is valid, inconclusive and says so in its text', (t) => {
  startQuick(t);
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.schema, 1);
  assert.equal(report.leakguard, version);
  assert.equal(report.node, process.version);
  assert.equal(report.pid, process.pid);
  assert.equal(report.threadId, 0);
  assert.equal(report.intervalMs, 10);
  assert.equal(report.level, 'sites');
  assert.equal(report.verdict, 'inconclusive');
  assert.deepEqual(report.findings, []);
  assert.match(String(report), /inconclusive/);
});

test('a healthy program is clean once there is enough history', async (t) => {
  startQuick(t);
  await repeat(noop, 12);
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.verdict, 'clean');
  assert.match(String(report), /clean/);
});

test('a report with every kind of leak is valid, and its text names each', async (t) => {
  startQuick(t);
  const leaks = createLeaks();
  t.after(leaks.end);
  await repeat(leaks.step, ALL_TICKS);
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.verdict, 'leak');
  assert.deepEqual(report.leaks.map(({ what }) => what).sort(), [
    'AbortSignal',
    'EventEmitter',
    'Map',
    'interval',
  ]);
  const text = String(report);
  for (const { title, signature, site } of report.leaks) {
    assert.ok(text.includes(title), `${title} in\n${text}`);
    assert.ok(text.includes(signature));
    assert.ok(text.includes(`${site?.file}:${site?.line}`));
  }
});

test('leaks and suspects are parts of findings, and no part of the JSON', async (t) => {
  startQuick(t);
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  const report = leakguard.report();
  assert.deepEqual(
    report.leaks,
    report.findings.filter(({ severity }) => severity === 'leak'),
  );
  assert.deepEqual(
    report.suspects,
    report.findings.filter(({ severity }) => severity === 'suspect'),
  );
  const json = JSON.parse(JSON.stringify(report));
  assert.deepEqual(Object.keys(json).sort(), [...schema.required].sort());
  assert.deepEqual(report.toJSON().findings, report.findings);
});

test('findings are numbers and times that fit together', async (t) => {
  startQuick(t);
  const bus = unlimited();
  const finding = await untilLeak(() => bus.on('tick', noop));
  assert.match(finding.signature, /^[0-9a-f]{16}$/);
  assert.ok(finding.confidence > 0.5 && finding.confidence <= 1);
  assert.ok(finding.peak >= finding.count);
  assert.ok(finding.firstSeen <= finding.lastSeen);
  assert.ok(finding.history.length > 1 && finding.history.length <= 64);
  const times = finding.history.map(([time]) => time);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  const shares = finding.sites.reduce((sum, { share }) => sum + share, 0);
  assert.ok(shares > 0.99 && shares <= 1.001, `${shares}`);
  assert.ok(finding.evidence.length > 0);
});

test('what a message says comes in the order of the contract', async (t) => {
  startQuick(t);
  const bus = unlimited();
  const { message, advice } = await untilLeak(() => {
    bus.on('tick', noop); // leak: message
  });
  const order = [
    "listeners on EventEmitter 'tick'",
    'per minute',
    `${__filename}:${lineOf(__filename, 'leak: message')}:`,
    'confidence',
    `fix: ${advice}`,
    'next: ',
  ].map((part) => message.indexOf(part));
  assert.ok(!order.includes(-1), `${order} in\n${message}`);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('in a test of 50 ms a report is inconclusive and notes what stands out, per site', (t) => {
  leakguard.start({ interval: '1s', sensitivity: 'high' });
  t.after(() => leakguard.stop());
  const warnings = collectWarnings(t);
  const bus = unlimited();
  const made = /** @type {NodeJS.Timeout[]} */ ([]);
  t.after(() => made.forEach(clearInterval));
  function poll() {
    made.push(setInterval(noop, 3_600_000)); // note: poll
  }
  function beat() {
    made.push(setInterval(noop, 3_600_000)); // note: beat
    made.push(setInterval(noop, 3_600_000)); // note: beat twice
  }
  for (let count = 0; count < 30; count += 1) {
    bus.on('tick', () => {}); // note: listeners
    poll();
    beat();
  }
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.ticks, 0);
  assert.equal(report.verdict, 'inconclusive');
  assert.ok(report.findings.every(({ severity }) => severity === 'note'));
  // Two lines of one function are one cause, as signatures know no lines.
  const noted = report.findings.map(({ kind, count, sites }) =>
    [kind, count, ...sites.map(({ line }) => line).sort((one, other) => one - other)].join(' '),
  );
  assert.deepEqual(
    noted.sort(),
    [
      `listeners 30 ${lineOf(__filename, 'note: listeners')}`,
      `timers 30 ${lineOf(__filename, 'note: poll')}`,
      `timers 60 ${lineOf(__filename, 'note: beat')} ${lineOf(__filename, 'note: beat twice')}`,
    ].sort(),
  );
  assert.match(String(report), /note/);
  assert.deepEqual(warnings, []);
});

test('lists below their floor are not noted', (t) => {
  leakguard.start({ interval: '1s', sensitivity: 'high' });
  t.after(() => leakguard.stop());
  const bus = unlimited();
  for (let count = 0; count < 7; count += 1) bus.on('tick', noop);
  assert.deepEqual(leakguard.report().findings, []);
  bus.on('tick', noop);
  assert.equal(leakguard.report().findings.length, 1);
});

test('a leak is warned of once, with name, code and finding, and again at half as many more', async (t) => {
  startQuick(t, { warn: true });
  const warnings = collectWarnings(t);
  const bus = unlimited();
  const leak = () => bus.on('tick', noop);
  const finding = await untilLeak(leak);
  await nextTick();
  assert.equal(warnings.length, 1);
  const [first] = warnings;
  assert.ok(first instanceof Error);
  assert.equal(first.name, 'LeakWarning');
  assert.equal(/** @type {any} */ (first).code, 'LEAKGUARD_LISTENERS');
  assert.equal(first.message.replaceAll('\n  ', '\n'), finding.message);
  assert.equal(/** @type {any} */ (first).finding, finding);

  // Below half as many more: silence, however long.
  await repeat(noop, 20);
  assert.equal(warnings.length, 1);

  while (warnings.length === 1) {
    assert.ok(
      bus.listenerCount('tick') < 3 * finding.count,
      'warned again before three times as many',
    );
    leak();
    await nextTick();
  }
  const again = warnings[1].finding;
  assert.equal(again.signature, finding.signature);
  assert.ok(again.count >= 1.5 * finding.count, `${again.count} after ${finding.count}`);
});

test('each kind has its code', async (t) => {
  startQuick(t, { warn: true });
  const warnings = collectWarnings(t);
  const leaks = createLeaks();
  t.after(leaks.end);
  await repeat(leaks.step, ALL_TICKS);
  const codes = new Set(warnings.map(({ code }) => code));
  assert.deepEqual([...codes].sort(), [
    'LEAKGUARD_COLLECTION',
    'LEAKGUARD_LISTENERS',
    'LEAKGUARD_TIMERS',
  ]);
  assert.ok(warnings.every(({ name }) => name === 'LeakWarning'));
});

test('warn: false is silent, and tells channel and listeners all the same', async (t) => {
  startQuick(t, { warn: false });
  const warnings = collectWarnings(t);
  /** @type {unknown[]} */
  const published = [];
  /** @param {unknown} message */
  const subscriber = (message) => published.push(message);
  diagnosticsChannel.subscribe('leakguard:finding', subscriber);
  t.after(() => diagnosticsChannel.unsubscribe('leakguard:finding', subscriber));
  const bus = unlimited();
  const finding = await untilLeak(() => bus.on('tick', noop));
  await nextTick();
  assert.deepEqual(warnings, []);
  assert.ok(published.includes(finding));
});

test('a listener that was taken away is told nothing', async (t) => {
  startQuick(t);
  const told = /** @type {unknown[]} */ ([]);
  /** @param {unknown} finding */
  const listener = (finding) => told.push(finding);
  leakguard.on('finding', listener);
  leakguard.off('finding', listener);
  leakguard.off('finding', listener);
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  assert.deepEqual(told, []);
});

test('a listener that throws is said once and does not keep the others from being told', async (t) => {
  startQuick(t);
  const warnings = collectWarnings(t);
  const thrower = () => {
    throw new Error('in the listener');
  };
  leakguard.on('finding', thrower);
  t.after(() => leakguard.off('finding', thrower));
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  await nextTick();
  const own = warnings.filter(({ name }) => name === 'LeakguardWarning');
  assert.equal(own.length, 1);
  assert.match(own[0].message, /in the listener/);
});

for (const [event, listener] of /** @type {[any, any][]} */ ([
  ['findings', noop],
  ['finding', undefined],
  ['finding', {}],
  [undefined, noop],
])) {
  test(`on and off refuse ${String(event)} with ${typeof listener}`, () => {
    for (const method of /** @type {const} */ (['on', 'off'])) {
      assert.throws(() => leakguard[method](event, listener), {
        name: 'LeakguardError',
        code: 'ERR_LEAKGUARD_OPTION',
      });
    }
  });
}

test('an unknown option of report() is refused by name', () => {
  assert.throws(() => /** @type {any} */ (leakguard.report)({ sinse: 1 }), {
    code: 'ERR_LEAKGUARD_OPTION',
    message: /sinse/,
  });
});

test('ignored findings are neither told nor reported, and the verdict is that of the rest', async (t) => {
  const bus = unlimited();
  startQuick(t);
  const { signature } = await untilLeak(() => bus.on('ignored tick', noop));
  /** @type {[label: string, rule: any][]} */
  const rules = [
    ['signature', signature],
    ['owner', "EventEmitter 'ignored tick'"],
    ['part of the file', 'report.test'],
    ['pattern', /ignored t[a-z]ck/],
    ['sticky pattern', /EventEmitter/gy],
    ['function', (/** @type {import('..').Finding} */ { kind }) => kind === 'listeners'],
  ];
  for (const [label, rule] of rules) {
    startQuick(t, { ignore: [rule], warn: true });
    const warnings = collectWarnings(t);
    const told = /** @type {unknown[]} */ ([]);
    /** @param {unknown} finding */
    const listener = (finding) => told.push(finding);
    leakguard.on('finding', listener);
    const ignored = unlimited();
    await repeat(() => ignored.on('ignored tick', noop), 40);
    leakguard.off('finding', listener);
    const report = leakguard.report();
    assert.deepEqual(report.findings, [], label);
    assert.equal(report.verdict, 'clean', label);
    assertValidReport(report);
    assert.deepEqual([told, warnings], [[], []], label);
  }
});

test('rules that do not match leave findings alone; one that throws is said and taken as false', async (t) => {
  startQuick(t, {
    ignore: [
      'some-package',
      /nothing like it/,
      () => /** @type {any} */ ('truthy, but not true'),
      () => {
        throw new Error('in the rule');
      },
    ],
  });
  const warnings = collectWarnings(t);
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  await nextTick();
  assert.equal(leakguard.report().verdict, 'leak');
  assert.equal(warnings.filter(({ message }) => message.includes('in the rule')).length, 1);
});

test('after stop the report of what was found stays readable', async (t) => {
  startQuick(t);
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  leakguard.stop();
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.verdict, 'leak');
  assert.deepEqual(new Set(Object.values(report.shims)), new Set(['off']));
});

test('reset forgets history and findings', async (t) => {
  startQuick(t);
  const bus = unlimited();
  await untilLeak(() => bus.on('tick', noop));
  leakguard.reset();
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.ticks, 0);
  assert.equal(report.leaks.length, 0);
  await untilLeak(() => bus.on('tick', noop));
});

test('the signature of a cause is the same in every run', async (t) => {
  const signatures = new Set();
  for (let run = 0; run < 2; run += 1) {
    startQuick(t);
    const bus = unlimited();
    const { signature } = await untilLeak(function subscribe() {
      bus.on('tick', noop);
    });
    signatures.add(signature);
  }
  assert.equal(signatures.size, 1);
});

test('at level counts a leak is found without a site, and the report is valid', async (t) => {
  startQuick(t, { level: 'counts' });
  const bus = unlimited();
  await repeat(() => bus.on('tick', noop), 60);
  const report = leakguard.report();
  assertValidReport(report);
  assert.equal(report.level, 'counts');
  const [finding] = report.findings;
  assert.equal(finding.owner, "EventEmitter 'tick'");
  assert.equal(finding.site, null);
  assert.deepEqual(finding.sites, []);
});

test('at level exact the sites of a list are known below its floor', async (t) => {
  startQuick(t, { level: 'exact' });
  const bus = unlimited();
  const finding = await untilLeak(() => {
    bus.on('tick', noop); // leak: exact
  });
  assert.equal(finding.site?.line, lineOf(__filename, 'leak: exact'));
  assertValidReport(leakguard.report());
});

test('LEAKGUARD_WARN=0 keeps a leaking program silent', async () => {
  const quick = {
    LEAKGUARD_INTERVAL: '10ms',
    LEAKGUARD_PATIENCE: '10',
    LEAKGUARD_SENSITIVITY: 'high',
  };
  const args = ['--require', REGISTER, program('leaks-listeners.js')];
  const loud = await runNode(args, { env: quick });
  assert.match(
    loud.stderr,
    /\[LEAKGUARD_LISTENERS\] LeakWarning: \d+ listeners on EventEmitter 'tick'/,
  );
  assert.equal(loud.stdout, 'leak found\n');
  const silent = await runNode(args, { env: { ...quick, LEAKGUARD_WARN: '0' } });
  assert.deepEqual(silent, { code: 0, signal: null, stdout: 'leak found\n', stderr: '' });
});
