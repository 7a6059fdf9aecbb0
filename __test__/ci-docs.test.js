'use strict';

/** The page on CI: its jobs are YAML of the right shape, and every command of ours in it works. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const yaml = require('js-yaml');
const { BIN, ROOT, linesOf, program, runCommand, temporaryProject } = require('./child');
const { snippetsOf } = require('./snippets');

const PAGE = fs.readFileSync(path.join(ROOT, 'docs', 'ci.md'), 'utf8');

/** @param {string} language */
const snippets = (language) => snippetsOf(PAGE, language);

/** @returns {any[]} */
const parsedJobs = () => snippets('yaml').map((text) => yaml.load(text));

/**
 * A project whose tests leak, with our command where npx looks for it.
 * @param {import('node:test').TestContext} t
 */
function leakingProject(t) {
  const manifest = { scripts: { test: `node ${JSON.stringify(program('leaks-listeners.js'))}` } };
  const folder = temporaryProject(t, { 'package.json': JSON.stringify(manifest) });
  const commands = path.join(folder, 'node_modules', '.bin');
  fs.mkdirSync(commands);
  fs.symlinkSync(BIN, path.join(commands, 'leakguard'));
  return folder;
}

/**
 * @param {string} folder
 * @param {string} script
 */
const shell = (folder, script) =>
  runCommand('bash', ['-c', script], {
    cwd: folder,
    env: { GITHUB_STEP_SUMMARY: path.join(folder, 'summary.md'), LEAKGUARD_WARN: '0' },
  });

test('the commands at the top of the page gate a suite and print what was found', async (t) => {
  const folder = leakingProject(t);
  const [[gate, print]] = snippets('sh').map(linesOf);
  const gated = await shell(folder, gate);
  assert.equal(gated.code, 86, gated.stderr);
  const printed = await shell(folder, print);
  assert.deepEqual([printed.code, printed.stderr], [0, '']);
  assert.match(printed.stdout, /^### leakguard: leak\n/);
});

test('the job for GitHub gates, and leaves annotations, a summary and SARIF to upload', async (t) => {
  const folder = leakingProject(t);
  const [{ jobs, permissions }] = parsedJobs();
  assert.equal(permissions['security-events'], 'write');
  const { steps } = jobs.leaks;
  /** @param {string} name */
  const step = (name) => steps.find((/** @type {any} */ one) => one.name === name);
  assert.equal((await shell(folder, step('Tests under leakguard').run)).code, 86);
  const { code, stdout, stderr } = await shell(folder, step('Annotations, summary, SARIF').run);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^::error /m);
  assert.match(fs.readFileSync(path.join(folder, 'summary.md'), 'utf8'), /^### leakguard: leak\n/);
  const made = [step('Code scanning').with.sarif_file, 'leaks.md'];
  for (const name of made) assert.ok(fs.statSync(path.join(folder, name)).size > 0, name);
  for (const { if: condition } of steps.slice(4)) {
    const [, name] = /** @type {RegExpExecArray} */ (/hashFiles\('(.+?)'\)/.exec(condition));
    assert.ok(fs.existsSync(path.join(folder, name)), name);
  }
});

test('the job for GitLab gates and leaves the file that it declares', async (t) => {
  const folder = leakingProject(t);
  const [, { leaks }] = parsedJobs();
  const [, gate] = leaks.script;
  assert.equal((await shell(folder, gate)).code, 86);
  assert.match(
    fs.readFileSync(path.join(folder, leaks.artifacts.reports.junit), 'utf8'),
    /<failure type="leak"/,
  );
});

test('the reports of several jobs are judged together', async (t) => {
  const folder = leakingProject(t);
  const [[gate], [judge]] = snippets('sh').map(linesOf);
  await shell(folder, gate);
  for (const name of ['shard-1.json', 'shard-2.json']) {
    fs.copyFileSync(path.join(folder, 'leaks.json'), path.join(folder, name));
  }
  const { code, stdout } = await shell(folder, judge);
  assert.equal(code, 86);
  assert.match(stdout, /^leakguard: 1 leak /);
});
