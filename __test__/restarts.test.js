'use strict';

/** A service that leaks and is started anew for it: by PM2 at its limit, and as systemd does after V8 has ended it. */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { setTimeout } = require('node:timers/promises');
const vm = require('node:vm');
const { linkPackage } = require('../scripts/setup');
const {
  FIXTURES,
  REGISTER,
  ROOT,
  linesOf,
  onReferenceOnly,
  plainEnvironment,
  runCli,
  temporaryFolder,
  temporaryProject,
} = require('./child');
const { snippetsOf } = require('./snippets');

const METRICS = path.join(FIXTURES, 'metrics');
const SERVICE = path.join(METRICS, 'restarted-service.js');
const PM2 = path.join(METRICS, 'node_modules', 'pm2', 'bin', 'pm2-runtime');
const PAGE = fs.readFileSync(path.join(ROOT, 'docs', 'production.md'), 'utf8');

/** More than it takes; what is awaited is asked for again and again until then. */
const DEADLINE_MS = 90_000;
const POLL_MS = 100;
/** So that a leak is found in a second. */
const QUICK = {
  LEAKGUARD_INTERVAL: '10ms',
  LEAKGUARD_PATIENCE: '10',
  LEAKGUARD_SENSITIVITY: 'high',
  LEAKGUARD_WARN: '0',
};

before(() => linkPackage(path.relative(ROOT, METRICS)));

/**
 * @param {string} file  that the service writes
 * @returns {Promise<{ pid: number, finding: string }[]>} what two processes have told, the first of each
 */
async function toldByTwo(file) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    const told = linesOf(text.slice(0, text.lastIndexOf('\n') + 1)).map((line) => JSON.parse(line));
    const [first] = told;
    const next = told.find(({ pid }) => pid !== first.pid);
    if (next !== undefined) return [first, next];
    assert.ok(Date.now() < deadline, `no restart in ${DEADLINE_MS} ms: ${text}`);
    await setTimeout(POLL_MS);
  }
}

/** @param {string} labels */
const signatureOf = (labels) => /signature="(\w+)"/.exec(labels)?.[1];

/**
 * The finding is the same in both, and what the first process knew is there to be read.
 * @param {{ pid: number, finding: string }[]} told
 * @param {string} runtime  the folder in memory
 */
async function assertFoundAnew([first, next], runtime) {
  assert.match(first.finding, /code_function_name="serveRequest".*service_version="1\.1\.0"/);
  assert.equal(next.finding, first.finding);
  const env = { XDG_RUNTIME_DIR: runtime };
  const asText = await runCli(['postmortem', `${first.pid}`], { env });
  assert.match(asText.stdout, new RegExp(`^process ${first.pid} (died|ended)`), asText.stderr);
  const asJson = await runCli(['postmortem', `${first.pid}`, '--json'], { env });
  const [finding] = JSON.parse(asJson.stdout).findings;
  assert.equal(finding.signature, signatureOf(first.finding));
}

describe('a service that leaks', { skip: onReferenceOnly }, () => {
  test('and is restarted by PM2 at its limit has the same finding in the next process', async (t) => {
    const [config] = snippetsOf(PAGE, 'js').filter((text) => text.includes('max_memory_restart'));
    const module = { exports: /** @type {any} */ ({}) };
    vm.runInNewContext(config, { module });
    const [app] = module.exports.apps;
    assert.match(app.max_memory_restart, /^\d+M$/);
    const runtime = temporaryFolder(t);
    const told = path.join(runtime, 'told');
    const env = { ...app.env, ...QUICK, XDG_RUNTIME_DIR: runtime, TOLD: told };
    const apps = [{ ...app, max_memory_restart: '150M', env }];
    const folder = temporaryProject(t, {
      [app.script]: fs.readFileSync(SERVICE, 'utf8'),
      'ecosystem.config.js': `module.exports = ${JSON.stringify({ apps })};`,
    });
    const pm2 = spawn(process.execPath, [PM2, 'start', 'ecosystem.config.js'], {
      cwd: folder,
      env: {
        ...plainEnvironment(),
        PM2_HOME: path.join(runtime, 'pm2'),
        PM2_WORKER_INTERVAL: '300',
      },
      stdio: 'ignore',
    });
    const ended = once(pm2, 'exit');
    try {
      await assertFoundAnew(await toldByTwo(told), runtime);
    } finally {
      pm2.kill('SIGINT');
      await ended;
    }
  });

  test('and is restarted as systemd does when its heap is full has the same finding in the next process', async (t) => {
    const runtime = temporaryFolder(t);
    const told = path.join(runtime, 'told');
    const args = ['--max-old-space-size=40', '--require', REGISTER, SERVICE];
    const env = { ...plainEnvironment(), ...QUICK, XDG_RUNTIME_DIR: runtime, TOLD: told };
    let isWanted = true;
    /** @type {import('node:child_process').ChildProcess | undefined} */
    let service;
    // Restart=always
    const supervise = async () => {
      while (isWanted) {
        service = spawn(process.execPath, args, {
          env: { ...env, LEAKGUARD_RECORDER: '1', LEAKGUARD_RELEASE: '1.1.0' },
          stdio: 'ignore',
        });
        await once(service, 'exit');
      }
    };
    const supervised = supervise();
    try {
      await assertFoundAnew(await toldByTwo(told), runtime);
    } finally {
      isWanted = false;
      service?.kill('SIGKILL');
      await supervised;
    }
  });
});
