'use strict';

/**
 * Beside other people's tools, whichever is loaded first: the tool does its work, the leak is found, nothing else
 * is accused, and the process ends as without us.
 */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const {
  FIXTURES,
  REGISTER,
  ROOT,
  onReferenceOnly,
  program,
  runCommand,
  temporaryFolder,
} = require('./child');
const { assertValidReport } = require('./report-schema');

const TOOLS = path.join(FIXTURES, 'tools');
const APP = path.join(TOOLS, 'app.js');
const tool = (/** @type {string} */ name) => path.join(TOOLS, name);
const OURS = ['--import', pathToFileURL(REGISTER).href];

/**
 * @param {string[]} args  of node, and of whatever stands for it
 * @param {{ file?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} what it printed
 */
async function run(args, { file = process.execPath, env = {} } = {}) {
  const { code, stdout, stderr } = await runCommand(file, args, {
    cwd: TOOLS,
    env: {
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_PATIENCE: '10',
      LEAKGUARD_SENSITIVITY: 'high',
      LEAKGUARD_WARN: '0',
      ...env,
    },
  });
  assert.deepEqual([code, stderr], [0, ''], stdout);
  assert.match(stdout, /^leak found/m);
  return stdout;
}

/**
 * As `run`, and the leak is all that the report accuses.
 * @param {import('node:test').TestContext} t
 * @param {string[]} args
 * @param {{ file?: string, leaking?: RegExp }} [options]
 */
async function assertFinds(t, args, { file, leaking = /app\.js$/ } = {}) {
  const report = path.join(temporaryFolder(t), 'report.json');
  const stdout = await run(args, { file, env: { LEAKGUARD_REPORT: report } });
  const data = JSON.parse(fs.readFileSync(report, 'utf8'));
  assertValidReport(data);
  /** @type {import('..').Finding[]} */
  const findings = data.findings;
  const leaks = findings.filter(({ severity }) => severity === 'leak');
  assert.deepEqual(
    leaks.map(({ kind }) => kind),
    ['listeners'],
  );
  assert.match(`${leaks[0].site?.file}`, leaking);
  return stdout;
}

/** What is loaded first, and what shows that it works. @type {[name: string, args: string[], works: RegExp][]} */
const PRELOADED = [
  ['OpenTelemetry', ['--import', tool('opentelemetry.js')], /traced by traceparent$/m],
  ['dd-trace', ['--import', tool('datadog.js')], /traced by .*x-datadog-trace-id/m],
  ['Sentry', ['--import', tool('sentry.js')], /traced by .*sentry-trace/m],
  ['async_hooks', ['--import', tool('async-hooks.js')], /^hooks called$/m],
  ['source-map-support', ['--import', 'source-map-support/register.js'], /^/],
  ['tsx', ['--import', 'tsx'], /^/],
];

describe('tools', { skip: onReferenceOnly, concurrency: 2 }, () => {
  for (const [name, args, works] of PRELOADED) {
    for (const [order, all] of /** @type {const} */ ([
      ['before', [...args, ...OURS]],
      ['after', [...OURS, ...args]],
    ])) {
      test(`${name} loaded ${order} leakguard works, and so does leakguard`, async (t) => {
        assert.match(await assertFinds(t, [...all, APP]), works);
      });
      test(`${name} loaded ${order} leakguard works once that was stopped`, async () => {
        assert.match(await run([...all, APP], { env: { STOPS: ROOT } }), works);
      });
    }
  }

  test('TypeScript that tsx compiles is watched', async (t) => {
    await assertFinds(t, ['--import', 'tsx', ...OURS, tool('typed.ts')]);
  });

  test('a minified bundle by esbuild is watched, with the line in the bundle', async (t) => {
    const bundle = path.join(temporaryFolder(t), 'bundle.js');
    const { buildSync } = require(path.join(TOOLS, 'node_modules', 'esbuild'));
    buildSync({
      entryPoints: [APP],
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
    });
    await assertFinds(t, [...OURS, bundle], { leaking: /bundle\.js$/ });
  });

  test('a single executable application is watched', async (t) => {
    const folder = temporaryFolder(t);
    const inside = (/** @type {string} */ name) => path.join(folder, name);
    const load = `const load = require('node:module').createRequire(${JSON.stringify(APP)});`;
    fs.writeFileSync(
      inside('main.js'),
      `${load} load(${JSON.stringify(ROOT)}); load(${JSON.stringify(APP)});`,
    );
    const config = { main: 'main.js', output: 'sea.blob', disableExperimentalSEAWarning: true };
    fs.writeFileSync(inside('sea.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: folder });
    fs.copyFileSync(process.execPath, inside('app'));
    const postject = path.join(TOOLS, 'node_modules', 'postject', 'dist', 'cli.js');
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
    const args = [inside('app'), 'NODE_SEA_BLOB', inside('sea.blob'), '--sentinel-fuse', fuse];
    execFileSync(process.execPath, [postject, ...args], { cwd: folder });
    await assertFinds(t, [], { file: inside('app') });
  });

  test('fake timers that were installed before or after leave the real ones watched', async (t) => {
    const folder = temporaryFolder(t);
    const file = path.join(folder, 'clock.js');
    fs.writeFileSync(
      file,
      `const { install } = require(${JSON.stringify(path.join(TOOLS, 'node_modules', '@sinonjs/fake-timers'))});
       const clock = install();
       let fired = 0;
       setInterval(() => { fired += 1; }, 1000);
       clock.tick(5000);
       clock.uninstall();
       process.stdout.write(\`fired \${fired}\\n\`);
       require(${JSON.stringify(APP)});`,
    );
    assert.match(await assertFinds(t, [...OURS, file]), /^fired 5$/m);
    const late = path.join(folder, 'late.js');
    fs.writeFileSync(late, `require(${JSON.stringify(file)});`);
    assert.match(await assertFinds(t, ['--require', file, ...OURS, '-e', '0']), /^fired 5$/m);
  });
});

const PERMISSION = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);
/** Node.js warns of these flags. */
const QUIET = ['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning'];
const LEAKING = program('leaks-listeners.js');

for (const flags of [
  ['--disable-proto=throw'],
  ['--enable-source-maps'],
  [`${PERMISSION}`, '--allow-addons', '--allow-fs-read=*', '--allow-fs-write=*'],
]) {
  test(`under ${flags.join(' ')} a leak is found`, async (t) => {
    const leaking = { leaking: /leaks-listeners\.js$/ };
    await assertFinds(t, [...flags, ...QUIET, ...OURS, LEAKING], leaking);
  });
}

test(`under ${PERMISSION} without --allow-addons the program runs, and is told once that nobody watches`, async () => {
  const flags = [`${PERMISSION}`, '--allow-fs-read=*', ...QUIET];
  const { code, stdout, stderr } = await runCommand(process.execPath, [
    ...flags,
    ...OURS,
    ...['--eval', 'console.log("ran")'],
  ]);
  assert.deepEqual([code, stdout], [0, 'ran\n']);
  assert.equal(stderr.match(/LeakguardWarning/g)?.length, 1, stderr);
  assert.match(stderr, /--allow-addons/);
});
