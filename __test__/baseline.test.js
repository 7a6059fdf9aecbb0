'use strict';

/**
 * The baseline: what it knows does not fail, what there is more of does, and the file changes only on
 * request, as a whole.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const leakguard = require('..');
const { Baseline } = require('../lib/baseline');
const { applyPolicy } = require('../lib/cli/policy');
const { linesOf, program, runCli, runNode, temporaryFolder, temporaryProject } = require('./child');
const { assertValidReport } = require('./report-schema');

leakguard.stop();

/** @typedef {import('..').Finding} Finding */

const FOLDER = '/app';
const SITE = {
  file: '/app/src/server.js',
  line: 12,
  column: 5,
  function: 'onRequest',
  package: null,
  app: null,
};
const FINDING = /** @type {Finding} */ ({
  signature: 'cefa989d25b68efa',
  kind: 'listeners',
  tier: 'contract',
  severity: 'leak',
  title: "4 listeners left on Bus 'x'",
  count: 4,
  site: SITE,
  evidence: [{ signal: 'contract', detail: '4 registrations since the mark are still there' }],
});
const LEAKS = { failing: ['leak'], folder: FOLDER };

/** @param {Partial<Finding>[]} changes */
const report = (...changes) => ({ findings: changes.map((change) => ({ ...FINDING, ...change })) });

/** @param {Partial<Finding>} [change] */
const baselineOf = (change = {}) => new Baseline([]).updated([report(change)], LEAKS);

/**
 * @param {Baseline} baseline
 * @param {Partial<Finding>[]} changes
 */
const severities = (baseline, ...changes) =>
  baseline.apply(report(...changes).findings).map(({ severity }) => severity);

for (const [tier, most] of /** @type {[Finding['tier'], number][]} */ ([
  ['contract', 4],
  ['scenario', 4],
  ['trend', 6],
])) {
  test(`in the ${tier} tier a count of ${most} is known where the baseline has 4, and no more`, () => {
    const baseline = baselineOf({ tier });
    assert.deepEqual(severities(baseline, { tier, count: most }), ['note']);
    assert.deepEqual(severities(baseline, { tier, count: most + 1 }), ['leak']);
    assert.deepEqual(severities(baseline, { tier, count: 1, severity: 'suspect' }), ['note']);
  });
}

test('a finding of another signature, kind or tier is not known', () => {
  const others = [{ signature: '0'.repeat(16) }, { kind: /** @type {const} */ ('timers') }];
  assert.deepEqual(severities(baselineOf(), ...others, { tier: 'trend' }), [
    'leak',
    'leak',
    'leak',
  ]);
});

test('findings of one signature in one report are counted together', () => {
  const baseline = new Baseline([]).updated([report({ count: 3 }, { count: 1 })], LEAKS);
  assert.deepEqual(severities(baseline, { count: 1 }, { count: 3 }), ['note', 'note']);
  assert.deepEqual(severities(baseline, { count: 3 }, { count: 2 }), ['leak', 'leak']);
});

test('a suspect beside a leak of its signature is counted with it, by an update too', () => {
  const doubtful = { severity: /** @type {const} */ ('suspect'), count: 1 };
  const baseline = new Baseline([]).updated([report({}, doubtful)], LEAKS);
  assert.deepEqual(severities(baseline, {}, doubtful), ['note', 'note']);
});

test('what is known says so, and so does what there is more of; a second time changes nothing', () => {
  const baseline = baselineOf();
  for (const [count, detail] of /** @type {[number, string][]} */ ([
    [4, 'the baseline has 4 of it'],
    [5, 'the baseline has 4 of it, and here are 5'],
  ])) {
    const once = baseline.apply(report({ count }).findings);
    assert.deepEqual(once[0].evidence.at(-1), { signal: 'baseline', detail });
    assert.deepEqual(baseline.apply(once), once);
  }
});

test('an update keeps what is known and still there, drops the rest, and takes up what fails', () => {
  const gone = { signature: 'aaaaaaaaaaaaaaaa' };
  const less = { signature: 'bbbbbbbbbbbbbbbb', count: 9 };
  const before = new Baseline([]).updated([report(gone, less)], LEAKS);
  const known = { ...less, count: 2, severity: /** @type {const} */ ('note') };
  const fresh = { signature: 'cccccccccccccccc' };
  const doubtful = { signature: 'dddddddddddddddd', severity: /** @type {const} */ ('suspect') };
  const reports = [report(fresh, known), report(doubtful, { ...fresh, count: 7 })];
  assert.deepEqual(
    before.stale(reports).map(({ signature }) => signature),
    [gone.signature],
  );
  const counts = (/** @type {Baseline} */ baseline) =>
    baseline.toJSON().findings.map(({ signature, count }) => [signature[0], count]);
  assert.deepEqual(counts(before.updated(reports, LEAKS)), [
    ['b', 2],
    ['c', 7],
  ]);
  const failing = ['leak', 'suspect'];
  assert.deepEqual(counts(before.updated(reports, { ...LEAKS, failing })), [
    ['b', 2],
    ['c', 7],
    ['d', 4],
  ]);
});

test('what a test allows is neither known nor taken up', () => {
  const evidence = [{ signal: 'allowed', detail: 'the code that leaves it allows it' }];
  const allowed = report({ severity: 'note', evidence });
  assert.equal(baselineOf().stale([allowed]).length, 1);
  assert.deepEqual(baselineOf().updated([allowed], LEAKS).toJSON().findings, []);
});

test('of several reports the worst is first by what the baseline does not know', () => {
  const known = { ...report({ count: 4 }), verdict: 'leak', ticks: 9, notes: [] };
  const fresh = {
    ...report({ severity: 'suspect', signature: '0'.repeat(16) }),
    verdict: 'suspect',
    ticks: 5,
    notes: [],
  };
  const given = /** @type {any[]} */ ([known, fresh]);
  const judged = applyPolicy(given, { baseline: baselineOf() }, {});
  assert.deepEqual(
    judged.map(({ verdict }) => verdict),
    ['suspect', 'clean'],
  );
});

/** @type {[site: Partial<import('..').Site> | null, told: string | null][]} */
const SITES = [
  [{}, 'src/server.js onRequest'],
  [{ function: '' }, 'src/server.js'],
  [{ file: '/app/node_modules/@a/b/lib/x.js' }, '@a/b/lib/x.js onRequest'],
  [{ file: '/elsewhere/node_modules/pg/node_modules/pool/index.js' }, 'pool/index.js onRequest'],
  [{ file: '/elsewhere/secret/x.js' }, 'x.js onRequest'],
  [{ file: 'node:events' }, 'node:events onRequest'],
  [null, null],
];
for (const [site, told] of SITES) {
  test(`a site is told as ${told}, without the path above`, () => {
    const change = { site: site && { ...SITE, ...site } };
    assert.equal(baselineOf(change).toJSON().findings[0].site, told);
  });
}

test('the file is sorted, one field in a line, and reads back as it was', (t) => {
  const file = path.join(temporaryFolder(t), 'baseline.json');
  const other = { signature: '00fa989d25b68efa' };
  const baseline = new Baseline([]).updated([report({}, other)], LEAKS);
  baseline.write(file);
  const text = fs.readFileSync(file, 'utf8');
  assert.equal(linesOf(text).length, 4 + 2 * 8 + 2);
  assert.ok(text.indexOf(other.signature) < text.indexOf(FINDING.signature));
  assert.deepEqual(Baseline.read(file), baseline);
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['baseline.json']);
});

test('a file that cannot be written is an error that names it, and leaves nothing behind', (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'taken');
  fs.mkdirSync(path.join(file, 'full'), { recursive: true });
  assert.throws(() => baselineOf().write(file), { code: 'ERR_LEAKGUARD_OUTPUT', message: /taken/ });
  assert.deepEqual(fs.readdirSync(folder), ['taken']);
});

const GOOD = JSON.stringify(baselineOf(), null, 2);
/** @type {Record<string, [text: string, said: RegExp]>} */
const BAD_FILES = {
  empty: ['', /EOF while parsing.*line 1 column 0/],
  cut: [GOOD.slice(0, 120), /EOF while parsing.*line \d+ column/],
  'in conflict': [
    GOOD.replace('    {', '<<<<<<< HEAD\n    {'),
    /expected value at line 5 column 1/,
  ],
  foreign: ['{ "name": "app" }', /missing field `leakguard`/],
  'a report': ['{ "leakguard": "0.1.0", "version": 1 }', /"leakguard" is "0.1.0", not "baseline"/],
  newer: [GOOD.replace('"version": 1', '"version": 2'), /version 2.*reads version 1/],
  'of a wrong type': [GOOD.replace(': 4,', ': "4",'), /invalid type: string "4".*at line \d+/],
  'with an unknown field': [GOOD.replace('"count"', '"line": 1, "count"'), /unknown field `line`/],
  binary: ['\u0000\u0001', /expected value at line 1 column 1/],
};
for (const [label, [text, said]] of Object.entries(BAD_FILES)) {
  test(`a baseline that is ${label} is refused with its name, the place and what is accepted`, (t) => {
    const file = path.join(temporaryFolder(t), 'baseline.json');
    fs.writeFileSync(file, text);
    assert.throws(
      () => Baseline.read(file),
      (/** @type {import('..').LeakguardError} */ { code, message }) => {
        assert.equal(code, 'ERR_LEAKGUARD_INPUT');
        assert.match(message, said);
        assert.ok(message.includes(file) && message.includes('--update-baseline'), message);
        assert.ok(!message.includes('\n'));
        return true;
      },
    );
  });
}

/** @param {import('node:test').TestContext} t */
function createProject(t) {
  const source = fs.readFileSync(program('leaves-listeners.js'), 'utf8');
  const cwd = temporaryProject(t, { 'app.js': source });
  const gate = ['--baseline', 'baseline.json', '--fail-on', 'leak'];
  /**
   * @param {number} left
   * @param {string[]} args
   */
  const run = (left, ...args) =>
    runCli(['run', ...gate, ...args, '--', process.execPath, 'app.js'], {
      cwd,
      env: { LEFT: String(left) },
    });
  return { cwd, gate, run, file: path.join(cwd, 'baseline.json') };
}

test('run makes a baseline on request, passes what it has, fails on more, and tells what is stale', async (t) => {
  const { file, run } = createProject(t);
  const none = await run(2);
  assert.equal(none.code, 65);
  assert.match(none.stderr, /baseline\.json cannot be read \(ENOENT\).*--update-baseline/);
  const made = await run(2, '--update-baseline');
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /note .*2 listeners[\s\S]*the baseline has 2 of it/);
  assert.doesNotMatch(made.stderr, /LeakguardWarning/);
  const text = fs.readFileSync(file, 'utf8');
  const [entry, ...others] = JSON.parse(text).findings;
  assert.deepEqual([entry.count, entry.site, others], [2, 'app.js leave', []]);
  const { mtimeMs, ino } = fs.statSync(file);
  assert.equal((await run(2)).code, 0);
  const more = await run(3);
  assert.equal(more.code, 86);
  assert.match(more.stderr, /LEAK .*3 listeners[\s\S]*the baseline has 2 of it, and here are 3/);
  const gone = await run(0);
  assert.equal(gone.code, 0);
  assert.match(gone.stderr.replaceAll(/\n +/g, ' '), /not found any more.*2 listeners left/);
  const after = fs.statSync(file);
  assert.deepEqual([after.mtimeMs, after.ino], [mtimeMs, ino], 'never written without being asked');
  assert.equal((await run(1, '--update-baseline')).code, 0);
  assert.equal(JSON.parse(fs.readFileSync(file, 'utf8')).findings[0].count, 1);
  await run(0, '--update-baseline');
  assert.deepEqual(JSON.parse(fs.readFileSync(file, 'utf8')).findings, []);
});

test('a run in which nothing was watched leaves the baseline as it is', async (t) => {
  const { cwd, gate, file } = createProject(t);
  baselineOf().write(file);
  const text = fs.readFileSync(file, 'utf8');
  await runCli(['run', ...gate, '--update-baseline', '--', 'true'], { cwd });
  assert.equal(fs.readFileSync(file, 'utf8'), text);
});

test('report applies and updates a baseline as run does', async (t) => {
  const { cwd, gate, run, file } = createProject(t);
  await run(2, '--update-baseline');
  fs.copyFileSync(file, path.join(cwd, 'kept.json'));
  fs.rmSync(file);
  await runCli(['run', '--report', 'out.json', '--', process.execPath, 'app.js'], { cwd });
  const known = ['--baseline', 'kept.json', '--fail-on', 'leak'];
  const { code, stdout } = await runCli(['report', 'out.json', '--json', ...known], { cwd });
  assert.equal(code, 0);
  const told = JSON.parse(stdout);
  assertValidReport(told);
  assert.deepEqual([told.verdict, told.findings[0].severity], ['clean', 'note']);
  assert.equal((await runCli(['report', 'out.json', ...gate], { cwd })).code, 65);
  const made = await runCli(['report', 'out.json', ...gate, '--update-baseline'], { cwd });
  assert.equal(made.code, 0);
  assert.equal(JSON.parse(fs.readFileSync(file, 'utf8')).findings.length, 1);
});

test('a process knows the baseline of its environment, and never writes it', async (t) => {
  const { cwd, run, file } = createProject(t);
  await run(1, '--update-baseline');
  const text = fs.readFileSync(file, 'utf8');
  const env = { LEAKGUARD_BASELINE: 'baseline.json', LEAKGUARD_FAIL_ON: 'leak' };
  assert.equal((await runNode(['app.js'], { cwd, env })).code, 0);
  assert.equal((await runNode(['app.js'], { cwd, env: { ...env, LEFT: '2' } })).code, 86);
  assert.equal(fs.readFileSync(file, 'utf8'), text);
});

test('a baseline that cannot be used is one warning of a process, mutes nothing, and stops the command line', async (t) => {
  const { cwd, run, file } = createProject(t);
  await run(1, '--update-baseline');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').slice(0, -10));
  const env = { LEAKGUARD_BASELINE: 'baseline.json', LEAKGUARD_FAIL_ON: 'leak' };
  const ended = await runNode(['app.js'], { cwd, env });
  assert.equal(ended.code, 86);
  const warnings = linesOf(ended.stderr).filter((line) => line.includes('LeakguardWarning'));
  assert.equal(warnings.length, 1, ended.stderr);
  assert.match(warnings[0], /LEAKGUARD_OPTION.*baseline\.json.*line \d+.*no finding is known/);
  for (const args of [[], ['--update-baseline']]) {
    const { code, stderr } = await run(1, ...args);
    assert.equal(code, 65);
    assert.equal(linesOf(stderr).length, 1, stderr);
  }
});

test('--update-baseline without a file, or below a folder that is not there, fails before the command runs', async () => {
  const command = ['--', process.execPath, '-p', '"ran"'];
  const bare = await runCli(['run', '--update-baseline', ...command]);
  assert.deepEqual([bare.code, bare.stdout], [64, '']);
  assert.match(bare.stderr, /--baseline <file>/);
  const args = ['run', '--update-baseline', '--baseline', 'no/such/b.json', ...command];
  const nowhere = await runCli(args);
  assert.deepEqual([nowhere.code, nowhere.stdout], [65, '']);
  assert.match(nowhere.stderr, /no\/such.*ENOENT|ENOENT.*no\/such/);
});
