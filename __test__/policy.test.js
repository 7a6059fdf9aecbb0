'use strict';

/** What of the findings may pass: rules that leave out, and tests that say what they leave on purpose. */

const { leakguard, startQuick, untilLeak } = require('./ticks');
const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const { test } = require('node:test');
const vm = require('node:vm');
const { createRule, readRules, staleNotes } = require('../lib/ignore');
const { linesOf, program, runCli, runNode, temporaryProject } = require('./child');
const { assertValidReport } = require('./report-schema');

const noop = () => {};

/** @typedef {import('..').Finding} Finding */

const SITE = {
  file: '/app/node_modules/pg/lib/pool.js',
  line: 1,
  column: 1,
  function: 'connect',
  package: 'pg',
  app: null,
};
const APP_SITE = { ...SITE, file: '/app/src/server.js', package: null };
const FINDING = /** @type {Finding} */ ({
  signature: 'cefa989d25b68efa',
  kind: 'listeners',
  owner: "Pool 'error'",
  site: SITE,
  sites: [{ ...SITE, share: 1 }],
  count: 3,
  marks: [{ label: 'connects', count: 3 }],
});

/** @type {[rule: import('..').IgnoreRule, matches: boolean][]} */
const RULES = [
  [{ package: 'pg' }, true],
  [{ package: 'p' }, false],
  [{ package: /^p/ }, true],
  [{ path: 'lib/pool.js' }, true],
  [{ path: 'lib/client.js' }, false],
  [{ path: /pool\.js$/ }, true],
  [{ kind: 'listeners' }, true],
  [{ kind: 'timers' }, false],
  [{ kind: /^(timers|listeners)$/ }, true],
  [{ signature: 'cefa989d25b68efa' }, true],
  [{ signature: '0000000000000000' }, false],
  [{ owner: "Pool 'error'" }, true],
  [{ owner: 'Pool' }, false],
  [{ mark: 'connects' }, true],
  [{ mark: 'other' }, false],
  [{ package: 'pg', kind: 'listeners' }, true],
  [{ package: 'pg', kind: 'timers' }, false],
  [{ package: 'pg', kind: undefined }, true],
  ['package:pg', true],
  ['package:redis', false],
  ['path:lib/pool.js', true],
  ['kind:listeners', true],
  ['signature:cefa989d25b68efa', true],
  ["owner:Pool 'error'", true],
  ['mark:connects', true],
  ['pg', true],
  ['redis', false],
  ['pool.js', true],
  ["Pool 'error'", true],
  ['C:pg', false],
  [/Pool/, true],
  [vm.runInNewContext('/Pool/'), true],
  [({ count }) => count === 3, true],
];
for (const [rule, matches] of RULES) {
  const read = createRule(rule);
  test(`the rule ${read.label} ${matches ? 'matches' : 'does not match'}`, () => {
    assert.equal(read.matches(FINDING, assert.fail), matches);
    assert.equal(read.hasMatched, matches);
  });
}

test('a finding that is spread is of a package, or a path, when all of its lines are', () => {
  const pg = { ...SITE, share: 0.5 };
  const own = { ...APP_SITE, share: 0.5 };
  const rule = createRule({ package: 'pg' });
  const matches = (/** @type {Finding['sites']} */ sites) =>
    rule.matches({ ...FINDING, site: null, sites }, assert.fail);
  assert.equal(matches([pg, pg]), true);
  assert.equal(matches([pg, own]), false);
  assert.equal(matches([]), false);
});

test('a finding is of a mark when no other mark, and nothing without one, has part in it', () => {
  const rule = createRule({ mark: 'connects' });
  const other = { label: 'other', count: 1 };
  for (const part of [{ marks: [...FINDING.marks, other], count: 4 }, { count: 4 }, { marks: [] }])
    assert.equal(rule.matches({ ...FINDING, ...part }, assert.fail), false);
});

/** @type {[rule: unknown, said: RegExp][]} */
const BAD_RULES = [
  [{ packge: 'pg' }, /"packge" is no field.*package, path, kind, signature, owner, mark/],
  [{ kind: 'timer' }, /kind "timer".*listeners, timers/],
  ['kind:timer', /kind "timer".*listeners, timers/],
  [{ signature: 'cefa' }, /signature "cefa".*16 hex digits/],
  ['package:', /package "" .*non-empty text/],
  [{ path: 7 }, /path 7 .*non-empty text, or a regular expression/],
  [{}, /an object is not accepted.*a text, a regular expression/],
  [[], /an array is not accepted/],
  ['', /"" is not accepted/],
  [null, /null is not accepted/],
];
for (const [index, [rule, message]] of BAD_RULES.entries()) {
  test(`bad rule ${index + 1} is refused by ignore and allow with what is accepted: ${message}`, (t) => {
    const calls = [() => leakguard.allow(/** @type {any} */ (rule))];
    calls.push(() => startQuick(t, { ignore: [/** @type {any} */ (rule)] }));
    for (const call of calls) assert.throws(call, { code: 'ERR_LEAKGUARD_OPTION', message });
  });
}

test('a text of rules has commas or lines between them', () => {
  const rules = readRules('package:pg, kind:timers\npath:a b.js,,');
  assert.deepEqual(
    rules?.map(({ label }) => label),
    ['package:pg', 'kind:timers', 'path:a b.js'],
  );
});

test('every rule is asked, so that two that match alike are both in use', () => {
  const rules = readRules(['pg', { kind: 'listeners' }, /redis/, noop, { package: /redis/ }]) ?? [];
  for (const rule of rules) rule.matches(FINDING, assert.fail);
  assert.deepEqual(staleNotes(rules), [
    'no finding has matched the ignore rule /redis/',
    'no finding has matched the ignore rule the function noop',
    'no finding has matched the ignore rule package:/redis/',
  ]);
});

test('a report is clean without what is ignored, and notes the rules that hid nothing', async (t) => {
  const ignore = [
    { path: 'policy.test.js', kind: /** @type {const} */ ('listeners') },
    'package:pg',
  ];
  startQuick(t, { level: 'exact', interval: '1h', ignore });
  const bus = new EventEmitter();
  const since = leakguard.mark();
  bus.on('x', noop);
  const settled = await leakguard.settled({ since });
  assertValidReport(settled);
  assert.deepEqual([settled.verdict, settled.findings], ['clean', []]);
  const report = leakguard.report();
  assertValidReport(report);
  assert.deepEqual(report.notes, ['no finding has matched the ignore rule package:pg']);
});

test('metrics leave out what is ignored, whether a rule is a text or a function that reads the message', async (t) => {
  const namedOnes = () =>
    leakguard
      .metricFamilies()
      .filter(({ name }) => name === 'leakguard.finding.info')
      .flatMap(({ samples }) => samples.map(({ attributes }) => attributes.owner));
  /** @type {import('..').IgnoreRule[]} */
  const rules = ["owner:EventEmitter 'x'", ({ message }) => message.includes("EventEmitter 'x'")];
  for (const rule of rules) {
    startQuick(t, { ignore: [rule] });
    const bus = new EventEmitter().setMaxListeners(0);
    const addIgnored = () => bus.on('x', () => {});
    const addOther = () => bus.on('y', () => {});
    const grow = () => [addIgnored(), addOther()];
    await untilLeak(grow, ({ owner }) => owner === "EventEmitter 'y'");
    assert.deepEqual(namedOnes(), ["EventEmitter 'y'"]);
  }
});

test('what a mark allows is a note in its name, and the same of another mark a leak', async (t) => {
  startQuick(t, { level: 'exact', interval: '1h' });
  const bus = new EventEmitter();
  const leave = () => bus.on('x', () => {});
  const since = leakguard.mark();
  leakguard.mark('meant').run(async () => {
    leave();
    leave();
    await null;
    leakguard.allow({ kind: 'listeners', owner: "EventEmitter 'x'" });
  });
  leakguard.mark('forgotten').run(leave);
  const report = await leakguard.settled({ since });
  assertValidReport(report);
  assert.equal(report.verdict, 'leak');
  assert.deepEqual(
    report.findings.map(({ severity, title, marks, evidence }) => [
      severity,
      title,
      marks[0].label,
      evidence.at(-1)?.signal,
    ]),
    [
      ['leak', "1 listener left on EventEmitter 'x'", 'forgotten', 'contract'],
      ['note', "2 listeners left on EventEmitter 'x'", 'meant', 'allowed'],
    ],
  );
});

test('where all that is left is allowed the verdict is clean', async (t) => {
  startQuick(t, { level: 'exact', interval: '1h' });
  const bus = new EventEmitter();
  const since = leakguard.mark('test');
  since.begin();
  leakguard.allow('policy.test.js');
  bus.on('x', noop);
  since.end();
  const report = await leakguard.settled({ since });
  assert.equal(report.verdict, 'clean');
  assert.equal(report.findings.length, 1);
  leakguard.assertNoLeaks(report);
  assert.match(String(report), /^leakguard: clean[\s\S]*note.*1 listener[\s\S]*allows it/);
});

test('what an allowing mark leaves beside the rule stays a leak', async (t) => {
  startQuick(t, { level: 'exact', interval: '1h' });
  const bus = new EventEmitter();
  const since = leakguard.mark('test');
  since.run(() => {
    leakguard.allow({ kind: 'timers' }, ({ owner }) => owner === "EventEmitter 'y'");
    bus.on('x', noop).on('y', noop);
  });
  const report = await leakguard.settled({ since });
  assert.deepEqual(
    report.leaks.map(({ owner }) => owner),
    ["EventEmitter 'x'"],
  );
});

test('allow() without a mark, or without leakguard, does nothing', (t) => {
  startQuick(t);
  leakguard.allow({ kind: 'timers' });
  leakguard.stop();
  leakguard.allow({ kind: 'timers' });
});

const LEAVES = fs.readFileSync(program('leaves-listeners.js'), 'utf8');

test('ignored findings do not fail a process, wherever the rule comes from', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': LEAVES });
  const fails = { LEAKGUARD_FAIL_ON: 'leak' };
  assert.equal((await runNode(['app.js'], { cwd, env: fails })).code, 86);
  const env = { ...fails, LEAKGUARD_IGNORE: 'kind:timers, path:app.js' };
  assert.equal((await runNode(['app.js'], { cwd, env })).code, 0);
});

test('run and report leave out what --ignore says, with the rules of the environment', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': LEAVES });
  const command = ['--', process.execPath, 'app.js'];
  const gate = ['--fail-on', 'leak'];
  const env = { LEAKGUARD_IGNORE: 'package:pg' };
  const failing = await runCli(['run', '--report', 'out.json', ...gate, ...command], { cwd });
  assert.equal(failing.code, 86);
  const rules = ['--ignore', 'kind:timers', '--ignore', 'kind:listeners'];
  for (const args of [
    ['run', ...gate, ...rules, ...command],
    ['report', 'out.json', ...gate, ...rules],
  ]) {
    const ended = await runCli(args, { cwd, env });
    assert.equal(ended.code, 0, ended.stderr);
    const stale = linesOf(ended.stdout + ended.stderr).filter((line) =>
      line.includes('ignore rule'),
    );
    assert.equal(stale.length, 2, ended.stderr);
    assert.match(stale.sort().join(), /kind:timers.*package:pg/);
  }
});

test('a rule that matches in one process of a run is not called stale by the others', async (t) => {
  const source = `${LEAVES}
if (process.env.LEFT === undefined)
  require('node:child_process').spawn(process.execPath, [__filename], { env: { ...process.env, LEFT: '0' } });`;
  const cwd = temporaryProject(t, { 'app.js': source });
  const args = ['run', '--json', '--ignore', 'kind:listeners', '--ignore', 'package:pg', '--'];
  const { stderr } = await runCli([...args, process.execPath, 'app.js'], { cwd });
  const { processes, notes } = JSON.parse(stderr);
  assert.equal(processes.length, 2);
  assert.deepEqual(notes, ['no finding has matched the ignore rule package:pg']);
});

test('run gates by LEAKGUARD_FAIL_ON as by --fail-on, and does so alone', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': LEAVES });
  const inner = `${process.execPath} app.js && echo went on`;
  const env = { LEAKGUARD_FAIL_ON: 'leak' };
  const ended = await runCli(['run', '--', 'sh', '-c', inner], { cwd, env });
  assert.deepEqual([ended.code, ended.stdout], [86, 'went on\n']);
  const bad = await runCli(['run', '--', 'true'], { env: { LEAKGUARD_FAIL_ON: 'always' } });
  assert.equal(bad.code, 64);
  assert.match(bad.stderr, /always.*LEAKGUARD_FAIL_ON.*leak, suspect/);
  const none = await runCli(['run', '--', 'true'], { env: { LEAKGUARD_FAIL_ON: '' } });
  assert.equal(none.code, 0);
});
