'use strict';

/** Threads, clusters, contexts and sudden ends: nothing crashes, nothing hangs, and no finding is lost. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { onReferenceOnly, program, runCli, temporaryFolder, temporaryProject } = require('./child');
const { assertValidReport } = require('./report-schema');

const NODE = process.execPath;
const QUICK = ['--interval', '10ms', '--patience', '10', '--sensitivity', 'high'];
const LEAKING = program('leaks-listeners.js');

/**
 * Runs a program under `leakguard run`.
 * @param {import('node:test').TestContext} t
 * @param {string[]} args  of node
 * @param {NodeJS.ProcessEnv} [env]
 */
async function watch(t, args, env = {}) {
  const file = path.join(temporaryFolder(t), 'report.json');
  const ended = await runCli(['run', ...QUICK, '--report', file, '--', NODE, ...args], {
    env: { LEAKGUARD_WARN: '0', ...env },
  });
  const report = JSON.parse(fs.readFileSync(file, 'utf8'));
  assertValidReport(report);
  return { ...ended, report };
}

/**
 * @param {import('..').ReportData} report
 * @param {string} name  of a file
 */
const leaksIn = ({ findings }, name) =>
  findings.filter(({ severity, site }) => severity === 'leak' && site?.file?.endsWith(name));

for (const { workers, skip } of [
  { workers: 12, skip: false },
  { workers: 100, skip: onReferenceOnly },
]) {
  test(`${workers} workers that are ended at any moment take nothing with them`, {
    skip,
  }, async (t) => {
    const { code, stdout, report } = await watch(t, [program('ends-workers.js')], {
      WORKERS: `${workers}`,
    });
    assert.equal(code, 0);
    assert.equal(stdout, `${workers} workers ended\n`);
    assert.equal(leaksIn(report, 'ends-workers.js').length, 1);
  });
}

test('a cluster of eight is one report, and what all of them leak is one finding', async (t) => {
  const { code, report } = await watch(t, [program('clusters-leaks.js')]);
  assert.equal(code, 0);
  const verdicts = report.processes.map(
    (/** @type {import('..').WatchedProcess} */ each) => each.verdict,
  );
  assert.deepEqual(
    verdicts.map((verdict) => verdict === 'leak'),
    [...Array(8).fill(true), false],
  );
  assert.equal(leaksIn(report, 'leaks-listeners.js').length, 1);
});

/** What the program does when its leak is found; and how it ends then. @type {[what: string, action: string, code: number, stderr: RegExp][]} */
const ENDS = [
  ['process.exit() inside a tick', 'process.exit(3)', 3, /^/],
  [
    'an exception that nobody catches',
    "setImmediate(() => { throw new TypeError('of the host'); })",
    1,
    /TypeError: of the host/,
  ],
  [
    'a rejection that nobody handles',
    "Promise.reject(new TypeError('of the host'))",
    1,
    /TypeError: of the host/,
  ],
];

for (const [what, action, code, stderr] of ENDS) {
  test(`${what} ends the process as without us, and its finding is reported`, async (t) => {
    const source = `
      const leakguard = require('leakguard');
      leakguard.on('finding', ({ severity }) => { if (severity === 'leak') ${action}; });
      require(${JSON.stringify(LEAKING)});
      setInterval(() => {}, 1000);`;
    const cwd = temporaryProject(t, { 'app.js': source });
    const ended = await watch(t, [path.join(cwd, 'app.js')]);
    assert.equal(ended.code, code);
    assert.match(ended.stderr, stderr);
    assert.equal(leaksIn(ended.report, 'leaks-listeners.js').length, 1);
  });
}

test('what code of another context adds is found, with its line there', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `
      const { EventEmitter } = require('node:events');
      const vm = require('node:vm');
      const leakguard = require('leakguard');
      const bus = new EventEmitter().setMaxListeners(0);
      const context = vm.createContext({ bus });
      const run = (code) => new vm.Script(code, { filename: 'plugin.js' }).runInContext(context);
      leakguard.watch('entries of a plugin', run('this.entries = new Map()'));
      const add = run('(() => {\\n  bus.on("x", () => {});\\n  entries.set({}, 1);\\n})');
      const adding = setInterval(add, 2);
      const found = new Set();
      leakguard.on('finding', ({ severity, kind }) => {
        if (severity === 'leak') found.add(kind);
        if (found.size === 2) clearInterval(adding);
      });
      setTimeout(() => clearInterval(adding), 60_000).unref();`,
  });
  const { code, report } = await watch(t, [path.join(cwd, 'app.js')]);
  assert.equal(code, 0);
  const [listeners] = leaksIn(report, 'plugin.js');
  assert.deepEqual([listeners.kind, listeners.site?.line], ['listeners', 2]);
  const entries = report.findings.find(({ kind }) => kind === 'collections');
  assert.deepEqual([entries?.severity, entries?.owner], ['leak', 'entries of a plugin']);
});
