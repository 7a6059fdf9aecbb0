'use strict';

/** The package as it is published: what is in it, and that it works where it is installed. Longer: `npm run test:package`. */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { setTimeout } = require('node:timers/promises');
const yaml = require('js-yaml');
const { freePort } = require('../scripts/fleet/prometheus');
const { carryOut } = require('../scripts/package/dockerfile');
const { installInto, packAll, runNpm, userEnvironment } = require('../scripts/package/packed');
const { useCommandLine, useInJavaScript, useInTypeScript } = require('../scripts/package/uses');
const { ROOT, runCommand, temporaryFolder } = require('./child');
const { snippetsOf } = require('./snippets');
const manifest = require('../package.json');

/** What a user downloads for one platform, unpacked. */
const MAX_PLATFORM_BYTES = 3_000_000;
const POLL_MS = 50;
const LICENSES = ['LICENSE', 'THIRD-PARTY-LICENSES.md'];

const scratch = temporaryFolder({ after });
/** @type {import('../scripts/package/packed').Packed} */
let packed;
before(async () => {
  packed = await packAll(scratch);
});

/**
 * @param {string} url  that nobody may answer yet
 * @param {import('node:child_process').ChildProcess} service  that is to answer
 * @returns {Promise<string>} of a scrape after the first tick, from which on there is a recording
 */
async function scrapeTicking(url, service) {
  for (;;) {
    assert.equal(service.exitCode, null, 'the service has ended');
    const text = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    if (/^leakguard_ticks_total [1-9]/m.test(text)) return text;
    await setTimeout(POLL_MS);
  }
}

test('the main package holds what is needed, and no binary', () => {
  const library = fs
    .readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(ROOT, 'lib', name)).isFile())
    .map((name) => path.posix.join('lib', name));
  assert.deepEqual(
    packed.main.names.sort(),
    [
      ...library,
      ...LICENSES,
      'README.md',
      'auto.js',
      'bin/leakguard.js',
      'fleet/leakguard.dashboard.json',
      'fleet/leakguard.rules.yml',
      'index.d.ts',
      'index.js',
      'jest.d.ts',
      'native/binding.d.ts',
      'native/binding.js',
      'opentelemetry.d.ts',
      'package.json',
      'page/live.css',
      'page/live.js',
      'prometheus.d.ts',
      'register.js',
      'report.schema.json',
      'vitest-reporter.d.mts',
    ].sort(),
  );
});

test('the package of a platform holds its binary, its licenses and nothing else, in three megabytes', () => {
  const { platform, platformName } = packed;
  const binary = `${platformName.replace('-', '.')}.node`;
  assert.deepEqual(
    platform.names.sort(),
    [...LICENSES, 'README.md', binary, 'package.json'].sort(),
  );
  assert.ok(platform.unpackedSize < MAX_PLATFORM_BYTES, `${platform.unpackedSize}`);
});

test('installed without Rust it runs as CommonJS, as ES module, on the command line and under tsc', () => {
  const folder = path.join(scratch, 'app');
  installInto(process.execPath, packed, folder);
  const { optionalDependencies } = JSON.parse(
    fs.readFileSync(path.join(folder, 'node_modules/leakguard/package.json'), 'utf8'),
  );
  assert.deepEqual(optionalDependencies, { [packed.platformName]: manifest.version });
  useInJavaScript(process.execPath, folder);
  useCommandLine(process.execPath, folder);
  useInTypeScript(folder);
});

test('the Dockerfile of the page on production makes of an empty folder a service that is watched, scraped and recorded', async () => {
  const page = fs.readFileSync(path.join(ROOT, 'docs', 'production.md'), 'utf8');
  const [dockerfile] = snippetsOf(page, 'dockerfile');
  const [server] = snippetsOf(page, 'js').filter((text) => text.includes('createServer'));
  const context = path.join(scratch, 'context');
  fs.mkdirSync(context);
  const port = await freePort();
  fs.writeFileSync(path.join(context, 'server.js'), server.replaceAll('9464', `${port}`));
  const dependencies = {
    leakguard: `file:${packed.main.file}`,
    [packed.platformName]: `file:${packed.platform.file}`,
  };
  const about = { name: 'shop', version: '1.1.0', private: true, dependencies };
  fs.writeFileSync(path.join(context, 'package.json'), JSON.stringify(about));
  runNpm(process.execPath, ['install', '--package-lock-only', '--silent'], context);

  const folder = path.join(scratch, 'image');
  const environment = { ...userEnvironment(process.execPath), XDG_RUNTIME_DIR: scratch };
  const image = carryOut(dockerfile, { context, folder, env: environment });
  assert.match(image.base, /^node:\d+-slim$/);
  assert.deepEqual(image.ports, ['9464']);
  assert.ok(server.includes('9464'));
  const [command, ...args] = image.command;
  const env = { ...environment, ...image.env };
  const service = spawn(command, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(service, 'exit');
  try {
    const text = await scrapeTicking(`http://127.0.0.1:${port}/metrics`, service);
    assert.match(text, /^leakguard_info\{.*service_version="1\.1\.0"\} 1$/m);
  } finally {
    service.kill('SIGKILL');
    await ended;
  }
  // As a command in the container, which is started anywhere.
  const bin = path.join(folder, 'node_modules', '.bin', 'leakguard');
  const { code, stdout, stderr } = await runCommand(bin, ['postmortem', `${service.pid}`], {
    cwd: scratch,
    env: { ...image.env, LEAKGUARD_RECORDER: '0', XDG_RUNTIME_DIR: scratch },
  });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, new RegExp(`^process ${service.pid} died after `));
});

test('installing runs no script, and a platform without a package of its own is no error', () => {
  const scripts = Object.keys(manifest.scripts);
  const run = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
  assert.deepEqual(
    scripts.filter((name) => run.includes(name)),
    [],
  );
  // A release adds those of the platforms, as optional ones; before that npm could not find them.
  assert.deepEqual(Object.keys(manifest.dependencies), ['commander']);
  assert.equal('optionalDependencies' in manifest, false);
});

test('a release builds, tries and audits a binary for every platform of the package', () => {
  const read = (/** @type {string} */ name) => fs.readFileSync(path.join(ROOT, name), 'utf8');
  const { jobs } = /** @type {any} */ (yaml.load(read('.github/workflows/release.yml')));
  const targetsOf = (/** @type {string} */ job) =>
    jobs[job].strategy.matrix.include.map((/** @type {{ target: string }} */ { target }) => target);
  const expected = [...manifest.napi.targets].sort();
  assert.deepEqual(targetsOf('build').sort(), expected);
  assert.deepEqual([...targetsOf('try'), ...targetsOf('try-musl')].sort(), expected);
  for (const job of ['try', 'try-musl']) {
    const { target, include } = jobs[job].strategy.matrix;
    assert.deepEqual(
      target,
      include.map((/** @type {{ target: string }} */ each) => each.target),
    );
  }
  const audited = [...read('deny.toml').matchAll(/^ {2}"([\w-]+)",$/gm)].map(
    ([, target]) => target,
  );
  assert.deepEqual(audited.sort(), expected);
});
