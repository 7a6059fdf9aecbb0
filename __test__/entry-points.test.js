'use strict';

/**
 * Every way in, each in a process of its own: what starts leakguard, what must not, and what each
 * environment variable does.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const {
  FIXTURES,
  REGISTER,
  ROOT,
  copyPackage,
  linesOf,
  program,
  runCommand,
  runNode,
  temporaryFolder,
  temporaryProject,
} = require('./child');
const { lineOf } = require('./ticks');
const { assertValidReport } = require('./report-schema');

const QUICK = {
  LEAKGUARD_INTERVAL: '10ms',
  LEAKGUARD_PATIENCE: '10',
  LEAKGUARD_SENSITIVITY: 'high',
};
/** Whether leakguard runs in this process, asked without loading it. */
const STATE = `const channels = process.getBuiltinModule('node:diagnostics_channel');
const hidden = channels.channel('leakguard:finding')[Symbol.for('leakguard.instance')];
console.log(hidden === undefined ? 'not loaded' : hidden.running ? 'watching' : 'loaded, not watching');`;

/** @param {string} output  JSON on its last line */
const parseLast = (output) => JSON.parse(/** @type {string} */ (linesOf(output).at(-1)));

/**
 * @param {import('./child').Ended} ended
 * @param {string} stdout
 */
function assertQuiet({ code, stdout, stderr }, expected = 'watching\n') {
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: expected, stderr: '' });
}

test('require starts watching on first load', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': `require('leakguard');\n${STATE}` });
  assertQuiet(await runNode(['app.js'], { cwd }));
});

test('ESM has the default import and every named one', async (t) => {
  const names = Object.keys(require('..')).sort();
  const cwd = temporaryProject(t, {
    'app.mjs': `import leakguard, { ${names.join(', ')} } from 'leakguard';
import * as all from 'leakguard';
const named = { ${names.join(', ')} };
for (const name of Object.keys(named)) if (named[name] !== leakguard[name]) throw new Error(name);
console.log(JSON.stringify(Object.keys(all).filter((name) => !['default', 'module.exports'].includes(name)).sort()));
console.log(report().verdict);`,
  });
  const { code, stdout, stderr } = await runNode(['app.mjs'], { cwd });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.deepEqual(linesOf(stdout), [JSON.stringify(names), 'inconclusive']);
});

for (const flag of ['--require', '--import']) {
  test(`${flag} leakguard/register starts watching before the program`, async (t) => {
    const cwd = temporaryProject(t, { 'app.js': STATE });
    assertQuiet(await runNode([flag, 'leakguard/register', 'app.js'], { cwd }));
  });

  test(`${flag} leakguard/register finds the leak of a program that knows nothing of it`, async (t) => {
    const report = path.join(temporaryFolder(t), 'report.json');
    const cwd = temporaryProject(t, {});
    const file = program('leaks-listeners.js');
    const { code, stdout } = await runNode([flag, 'leakguard/register', file], {
      cwd,
      env: { ...QUICK, LEAKGUARD_REPORT: report },
    });
    assert.deepEqual([code, stdout], [0, 'leak found\n']);
    const data = JSON.parse(fs.readFileSync(report, 'utf8'));
    assertValidReport(data);
    assert.equal(data.verdict, 'leak');
    assert.equal(data.findings[0].site.file, file);
    assert.equal(data.findings[0].site.line, lineOf(file, 'leak: listeners'));
  });
}

test('named ESM imports taken after --import are hooked', async (t) => {
  const cwd = temporaryProject(t, {
    'app.mjs': `import { setInterval } from 'node:timers';
import { report } from 'leakguard';
function poll() { return setInterval(() => {}, 3_600_000); }
const timers = Array.from({ length: 20 }, poll);
console.log(report().findings.map(({ what, count }) => what + ' ' + count).join());
timers.forEach(clearInterval);`,
  });
  const { stdout, stderr } = await runNode(['--import', 'leakguard/register', 'app.mjs'], { cwd });
  assert.deepEqual([stdout, stderr], ['interval 20\n', '']);
});

test('NODE_OPTIONS carries it into the process and its children', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `${STATE}\nrequire('node:child_process').fork('./child.js');`,
    'child.js': STATE,
  });
  const env = { NODE_OPTIONS: '--require leakguard/register' };
  assertQuiet(await runNode(['app.js'], { cwd, env }), 'watching\nwatching\n');
});

test('leakguard/auto does nothing unless asked', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': `require('leakguard/auto');\n${STATE}` });
  assertQuiet(await runNode(['app.js'], { cwd }), 'not loaded\n');
  for (const value of ['', '0', 'false']) {
    const env = { LEAKGUARD: value, npm_config_leakguard: value };
    assertQuiet(await runNode(['app.js'], { cwd, env }), 'not loaded\n');
  }
});

test('leakguard/auto starts with LEAKGUARD=1', async (t) => {
  const cwd = temporaryProject(t, { 'app.js': `require('leakguard/auto');\n${STATE}` });
  for (const value of ['1', 'true']) {
    assertQuiet(await runNode(['app.js'], { cwd, env: { LEAKGUARD: value } }));
  }
});

test('leakguard/auto takes its flag out of the arguments of the program', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `require('leakguard/auto');\nconsole.log(process.argv.slice(2).join());\n${STATE}`,
  });
  assertQuiet(await runNode(['app.js', '-a', '--leakguard', 'b'], { cwd }), '-a,b\nwatching\n');
});

test('leakguard/auto asked by the flag starts in workers and children as well', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `require('leakguard/auto');
${STATE}
require('node:child_process').fork('./child.js').on('exit', () => {
  new (require('node:worker_threads').Worker)('./child.js');
});`,
    'child.js': `require('leakguard/auto');\n${STATE}`,
  });
  assertQuiet(await runNode(['app.js', '--leakguard'], { cwd }), 'watching\nwatching\nwatching\n');
});

for (const [label, args, expected] of /** @type {const} */ ([
  ['npm start', [], 'not loaded'],
  ['npm start --leakguard', ['--leakguard'], 'watching'],
  ['npm start -- --leakguard', ['--', '--leakguard'], 'watching'],
])) {
  test(`${label} of a package whose program has the line for it: ${expected}`, async (t) => {
    const cwd = temporaryProject(t, {
      'package.json': JSON.stringify({ name: 'app', scripts: { start: 'node app.js' } }),
      'app.js': `require('leakguard/auto');\nconsole.log(process.argv.length);\n${STATE}`,
    });
    const { code, stdout } = await runCommand('npm', ['start', '--silent', ...args], { cwd });
    assert.deepEqual([code, stdout], [0, `2\n${expected}\n`]);
  });
}

test('LEAKGUARD=0 switches everything off, whoever starts it', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const bare = require('node:events').EventEmitter.prototype.on;
const leakguard = require('leakguard');
leakguard.start({ interval: '10ms' });
leakguard.watch('map', new Map()).stop();
console.log(bare === require('node:events').EventEmitter.prototype.on, leakguard.report().verdict);
${STATE}`,
  });
  const env = { LEAKGUARD: '0', LEAKGUARD_REPORT: path.join(cwd, 'report.json') };
  assertQuiet(await runNode(['app.js'], { cwd, env }), 'true inconclusive\nloaded, not watching\n');
  assert.equal(fs.existsSync(path.join(cwd, 'report.json')), false);
});

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {number} [ticks]
 */
async function reportUnder(env, ticks = 0) {
  const { code, stdout, stderr } = await runNode([program('prints-report.js'), String(ticks)], {
    env,
  });
  assert.deepEqual([code, stderr], [0, '']);
  const report = parseLast(stdout);
  assertValidReport(report);
  return report;
}

test('LEAKGUARD_LEVEL sets the level', async () => {
  for (const level of ['counts', 'sites', 'survivors', 'exact']) {
    assert.equal((await reportUnder({ LEAKGUARD_LEVEL: level })).level, level);
  }
});

test('LEAKGUARD_LEVEL=off installs nothing', async () => {
  const report = await reportUnder({ LEAKGUARD_LEVEL: 'off' });
  assert.deepEqual(new Set(Object.values(report.shims)), new Set(['off']));
});

test('LEAKGUARD_INTERVAL sets the time between two ticks', async () => {
  assert.equal((await reportUnder({ LEAKGUARD_INTERVAL: '20ms' })).intervalMs, 20);
  assert.equal((await reportUnder({ LEAKGUARD_INTERVAL: '2m' })).intervalMs, 120_000);
});

test('LEAKGUARD_PATIENCE sets how many ticks a verdict needs', async () => {
  const env = { LEAKGUARD_INTERVAL: '10ms' };
  const patient = await reportUnder({ ...env, LEAKGUARD_PATIENCE: '1000' }, 15);
  assert.equal(patient.verdict, 'inconclusive');
  const quick = await reportUnder({ ...env, LEAKGUARD_PATIENCE: '10' }, 15);
  assert.equal(quick.verdict, 'clean');
});

/**
 * @param {import('node:test').TestContext} t
 * @param {string} name  of a program
 * @param {NodeJS.ProcessEnv} env
 */
async function reportAtExit(t, name, env) {
  const file = path.join(temporaryFolder(t), 'report.json');
  const ended = await runNode(['--require', REGISTER, program(name)], {
    env: { ...env, LEAKGUARD_REPORT: file },
  });
  return { ...ended, report: JSON.parse(fs.readFileSync(file, 'utf8')) };
}

test('LEAKGUARD_SENSITIVITY sets the floors', async (t) => {
  const high = await reportAtExit(t, 'notes.js', { LEAKGUARD_SENSITIVITY: 'high' });
  assert.deepEqual(
    high.report.findings.map((/** @type {any} */ { severity, count }) => [severity, count]),
    [['note', 10]],
  );
  for (const sensitivity of ['normal', 'low']) {
    const { report } = await reportAtExit(t, 'notes.js', { LEAKGUARD_SENSITIVITY: sensitivity });
    assert.deepEqual(report.findings, []);
  }
});

test('LEAKGUARD_SURVIVORS and LEAKGUARD_RECORDER are accepted', async () => {
  await reportUnder({ LEAKGUARD_SURVIVORS: '30s' });
  await reportUnder({ LEAKGUARD_RECORDER: '0' });
});

for (const [extension, pattern] of /** @type {const} */ ([
  ['json', /"schema": 1/],
  ['txt', /^leakguard: inconclusive/],
  ['md', /leakguard/],
  ['html', /^<!doctype html>/],
  ['xml', /<testcase .*<skipped /],
  ['sarif', /"version": "2\.1\.0"/],
])) {
  test(`LEAKGUARD_REPORT writes a .${extension} file at exit`, async (t) => {
    const file = path.join(temporaryFolder(t), `report.${extension}`);
    const env = { LEAKGUARD_REPORT: file };
    const ended = await runNode(['--require', REGISTER, program('healthy.js')], { env });
    assertQuiet(ended, 'done\n');
    assert.match(fs.readFileSync(file, 'utf8'), pattern);
  });
}

test('LEAKGUARD_REPORT is written at process.exit() and after an uncaught exception', async (t) => {
  const folder = temporaryFolder(t);
  for (const [index, [source, code]] of /** @type {const} */ ([
    ['process.exit(3)', 3],
    ['throw new Error("end")', 1],
    ['process.exitCode = 4', 4],
  ]).entries()) {
    const file = path.join(folder, `${index}.json`);
    const env = { LEAKGUARD_REPORT: file };
    const ended = await runNode(['--require', REGISTER, '--eval', source], { env });
    assert.equal(ended.code, code);
    assertValidReport(JSON.parse(fs.readFileSync(file, 'utf8')));
  }
});

test('workers and children write reports of their own under %p and %t', async (t) => {
  const folder = temporaryFolder(t);
  const { code, stdout } = await runNode([program('workers-and-children.js')], {
    env: {
      NODE_OPTIONS: `--require ${REGISTER}`,
      LEAKGUARD_REPORT: path.join(folder, 'of-%p-%t.json'),
    },
  });
  assert.deepEqual([code, stdout], [0, 'done\ndone\n']);
  const reports = fs
    .readdirSync(folder)
    .map((name) => ({ name, ...JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) }));
  assert.equal(reports.length, 3);
  for (const { name, pid, threadId } of reports) assert.equal(name, `of-${pid}-${threadId}.json`);
  assert.equal(new Set(reports.map(({ pid }) => pid)).size, 2);
  assert.deepEqual(reports.map(({ threadId }) => threadId).sort(), [0, 0, 1]);
});

test('the report of a process that ended meanwhile is kept where LEAKGUARD_REPORT is one name for all', async (t) => {
  const folder = temporaryFolder(t);
  const source = `require('node:child_process').fork(${JSON.stringify(program('healthy.js'))})`;
  const { code, stdout, stderr } = await runNode(['--eval', source], {
    env: {
      NODE_OPTIONS: `--require ${REGISTER}`,
      LEAKGUARD_REPORT: path.join(folder, 'report.json'),
    },
  });
  assert.deepEqual([code, stdout], [0, 'done\n']);
  const pidOf = (/** @type {string} */ name) =>
    JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')).pid;
  const aside = `report.before-${pidOf('report.json')}-0.json`;
  assert.deepEqual(fs.readdirSync(folder).sort(), [aside, 'report.json']);
  assert.notEqual(pidOf(aside), pidOf('report.json'));
  assert.equal(linesOf(stderr).length, 1);
  assert.ok(stderr.includes(aside), stderr);
});

test('LEAKGUARD_FAIL_ON ends a leaking program with 86, a healthy one with 0, and hides no other code', async () => {
  const env = { ...QUICK, LEAKGUARD_FAIL_ON: 'leak', LEAKGUARD_WARN: '0' };
  const leaking = await runNode(['--require', REGISTER, program('leaks-listeners.js')], { env });
  assert.equal(leaking.code, 86);
  const healthy = await runNode(['--require', REGISTER, program('healthy.js')], { env });
  assert.equal(healthy.code, 0);
  const failing = await runNode(
    [
      '--require',
      REGISTER,
      '--eval',
      `process.exitCode = 5; require(${JSON.stringify(program('leaks-listeners.js'))})`,
    ],
    { env },
  );
  assert.equal(failing.code, 5);
});

for (const name of [
  'LEAKGUARD_LEVEL',
  'LEAKGUARD_INTERVAL',
  'LEAKGUARD_PATIENCE',
  'LEAKGUARD_SENSITIVITY',
  'LEAKGUARD_SURVIVORS',
  'LEAKGUARD_REPORT',
  'LEAKGUARD_FAIL_ON',
  'LEAKGUARD_WARN',
]) {
  test(`a bad value of ${name} is said once, and the program runs as without it`, async () => {
    const { code, stdout, stderr } = await runNode(['--require', REGISTER, program('healthy.js')], {
      env: { [name]: 'nonsense' },
    });
    assert.deepEqual([code, stdout], [0, 'done\n']);
    const said = linesOf(stderr).filter((line) => line.includes('[LEAKGUARD_OPTION]'));
    assert.equal(said.length, 1, stderr);
    assert.match(
      said[0],
      new RegExp(`LeakguardWarning: leakguard: ${name}="nonsense" .*accepted is`),
    );
  });
}

test('options in code win over the environment', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const leakguard = require('leakguard');
leakguard.start({ interval: '30ms' });
console.log(leakguard.report().intervalMs, leakguard.report().level);`,
  });
  const env = { LEAKGUARD_INTERVAL: '2s', LEAKGUARD_LEVEL: 'counts' };
  assertQuiet(await runNode(['app.js'], { cwd, env }), '30 counts\n');
});

test('two copies of the package in one process share one instance', async (t) => {
  const cwd = temporaryFolder(t);
  copyPackage(cwd);
  fs.writeFileSync(
    path.join(cwd, 'app.js'),
    `const copy = require('leakguard');
const original = require(${JSON.stringify(ROOT)});
console.log(copy !== original, require.resolve('leakguard') !== require.resolve(${JSON.stringify(ROOT)}));
original.start({ interval: '33ms' });
console.log(copy.report().intervalMs);
copy.stop();
console.log(new Set(Object.values(original.report().shims)).has('on'));
${STATE}`,
  );
  assertQuiet(await runNode(['app.js'], { cwd }), 'true true\n33\nfalse\nloaded, not watching\n');
});

test('a worker has hooks and a ledger of its own', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const leakguard = require('leakguard');
const { Worker, isMainThread, threadId } = require('node:worker_threads');
if (isMainThread) {
  leakguard.stop();
  new Worker(__filename).on('exit', () => console.log(leakguard.report().shims.timers));
} else {
  console.log(leakguard.report().threadId === threadId, leakguard.report().shims.timers);
}`,
  });
  assertQuiet(await runNode(['app.js'], { cwd }), 'true on\noff\n');
});

test('a worker that is terminated while it is watched ends as without us', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const { Worker, isMainThread } = require('node:worker_threads');
require('leakguard').start({ interval: '10ms' });
if (isMainThread) {
  const worker = new Worker(__filename);
  worker.once('message', async () => console.log(await worker.terminate()));
} else {
  require('node:worker_threads').parentPort.postMessage('ready');
  setInterval(() => {}, 1);
}`,
  });
  assertQuiet(await runNode(['app.js'], { cwd }), '1\n');
});

test('source maps are applied where the process has them', async (t) => {
  const cwd = temporaryProject(t, { 'package.json': '{ "type": "commonjs" }' });
  fs.copyFileSync(path.join(FIXTURES, 'mapped', 'original.ts'), path.join(cwd, 'original.ts'));
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = path.join(ROOT, 'node_modules', '@types');
  const compiled = await runNode(
    [
      compiler,
      '--module',
      'nodenext',
      '--sourceMap',
      '--types',
      'node',
      '--typeRoots',
      types,
      'original.ts',
    ],
    { cwd },
  );
  assert.deepEqual(compiled, { code: 0, signal: null, stdout: '', stderr: '' });
  const { stdout, stderr } = await runNode(['--enable-source-maps', 'original.js'], { cwd });
  assert.equal(stderr, '');
  const [{ site }] = parseLast(stdout).findings;
  assert.equal(site.file, path.join(cwd, 'original.ts'));
  assert.equal(site.line, lineOf(path.join(cwd, 'original.ts'), 'leak: mapped'));
});
