#!/usr/bin/env node
'use strict';

/**
 * `npm run test:package`: packs leakguard and the package of this platform as a release does, installs both into an
 * empty project where there is no Rust, and uses them as a user does, on every supported Node.js. A short form of it
 * is `__test__/packed.test.js`. `--node current` takes the Node.js that runs it
 * and the binary that lies in `native/`: so a release tries its binaries on machines without Rust.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseList, readOrExit } = require('./command-line');
const { installInto, packAll, run } = require('./package/packed');
const { useCommandLine, useInJavaScript, useInTypeScript } = require('./package/uses');
const { ROOT, buildAddon, installPackages, nodeBinary } = require('./setup');

const MAJORS = ['20', '22', '24', '26'];
const CURRENT = 'current';
const CHECKERS = '__test__/package-checkers';
/** They export nothing: a flag of Node.js or of a runner loads them. */
const WITHOUT_EXPORTS = ['register', 'auto', 'node-test', 'mocha', 'vitest'];

const { versions } = readOrExit('npm run test:package', () => {
  const { values } = parseArgs({ options: { node: { type: 'string', default: MAJORS.join() } } });
  return { versions: parseList('--node', values.node, [...MAJORS, CURRENT]) };
});

/** @param {string} line */
const say = (line) => process.stdout.write(`${line}\n`);

/** @param {import('./package/packed').Tarball} main */
function checkManifest({ file }) {
  const modules = path.join(ROOT, CHECKERS, 'node_modules');
  run(process.execPath, [path.join(modules, 'publint/src/cli.js'), file, '--strict'], ROOT);
  const attw = path.join(modules, '@arethetypeswrong/cli/dist/index.js');
  // Vitest's reporter is an ES module alone, as Vitest is.
  const rules = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm'];
  const excluded = ['--exclude-entrypoints', ...WITHOUT_EXPORTS];
  run(process.execPath, [attw, file, ...rules, ...excluded], ROOT);
  say('publint and arethetypeswrong have nothing to say');
}

/** @param {string} scratch */
async function main(scratch) {
  const isForeign = versions.length === 1 && versions[0] === CURRENT;
  if (!isForeign) {
    for (const folder of ['.', CHECKERS, '__test__/runtimes']) installPackages(folder);
    buildAddon();
  }
  const packed = await packAll(scratch);
  for (const { file, unpackedSize, names } of [packed.main, packed.platform]) {
    say(`${path.basename(file)}: ${names.length} files, ${Math.round(unpackedSize / 1024)} KiB`);
  }
  // What is no matter of the platform is checked on one.
  if (!isForeign) checkManifest(packed.main);
  for (const version of versions) {
    const node = version === CURRENT ? process.execPath : nodeBinary(version);
    const folder = path.join(scratch, `on-${version}`);
    installInto(node, packed, folder);
    useInJavaScript(node, folder);
    useCommandLine(node, folder);
    say(`Node.js ${version}: CommonJS, ES module and the command line work`);
  }
  if (isForeign) return;
  useInTypeScript(path.join(scratch, `on-${versions[0]}`));
  say('TypeScript: the types are found and right in every resolution');
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-package-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
main(fs.realpathSync(scratch)).catch((error) => {
  process.stderr.write(`test:package: ${error.message}\n`);
  process.exitCode = 1;
});
