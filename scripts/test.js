'use strict';

/**
 * `npm test`: sets itself up, then runs the Rust suites and, on every supported Node, the JavaScript
 * suites. `npm test -- --node 24 watch` runs the files whose names hold `watch` on Node 24 alone.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { ROOT, buildAddon, installPackages, nodeBinary, runOrExit } = require('./setup');

const VERSIONS = ['20', '22', '24', '26'];
const TEST_FILE = /\.test\.m?js$/;

const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: VERSIONS.join(',') } },
  allowPositionals: true,
});

const versions = values.node.split(',');
const unknown = versions.find((version) => !VERSIONS.includes(version));
if (unknown !== undefined) {
  process.stderr.write(`--node ${unknown} is not known: known are ${VERSIONS.join(', ')}\n`);
  process.exit(64);
}

for (const folder of ['.', '__test__/runtimes', '__test__/fixtures/runners', 'demo']) {
  installPackages(folder);
}
buildAddon();
if (positionals.length === 0) {
  runOrExit('cargo', ['test', '--quiet', '--no-default-features']);
}

const files = fs
  .readdirSync(path.join(ROOT, '__test__'))
  .filter((name) => TEST_FILE.test(name) && positionals.every((part) => name.includes(part)))
  .map((name) => path.join('__test__', name));

let failed = false;
for (const version of versions) {
  process.stdout.write(`\n# Node ${version}\n`);
  const { status } = spawnSync(nodeBinary(version), ['--test', ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    // The children that tests start find the same Node first.
    env: {
      ...process.env,
      PATH: `${path.dirname(nodeBinary(version))}${path.delimiter}${process.env.PATH}`,
    },
  });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;
