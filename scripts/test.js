'use strict';

/**
 * `npm test`: sets itself up, then runs the Rust suites and, on every supported Node, the JavaScript
 * suites. `npm test -- --node 24 watch` runs the files whose names hold `watch` on Node 24 alone.
 *
 * Many tests drive real servers, browsers and clocks, two files at once. A file that fails is run once more by
 * itself; one that passes then is told all the same, as what failed beside others.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseList, readOrExit } = require('./command-line');
const {
  ROOT,
  buildAddon,
  installChromium,
  installPackages,
  installPrometheus,
  nodeBinary,
  runOrExit,
} = require('./setup');
const { SUITE_FOLDERS } = require('./suites/suite-run');

const VERSIONS = ['20', '22', '24', '26'];
/**
 * What is the same on every Node.js is tested on one: forms, rules, documentation, and the commands of this
 * repository. Where part of a file is, it says so itself (`onReferenceOnly`).
 */
const REFERENCE = '24';
const ON_REFERENCE_ONLY = [
  'baseline',
  'ci-docs',
  'corpus-labels',
  'corpus-run',
  'corpus-score',
  'demo-score',
  'examples',
  'excerpt',
  'fleet',
  'packed',
  'policy',
  'restarts',
  'sarif',
  'trust',
].map((name) => path.join('__test__', `${name}.test.js`));
const TEST_FILE = /\.test\.m?js$/;

const { versions, positionals } = readOrExit('npm test', () => {
  const { values, positionals } = parseArgs({
    options: { node: { type: 'string', default: VERSIONS.join(',') } },
    allowPositionals: true,
  });
  return { versions: parseList('--node', values.node, VERSIONS), positionals };
});

const TEST_FOLDERS = [
  '__test__/runtimes',
  '__test__/oracles',
  '__test__/browser',
  '__test__/fixtures/runners',
  '__test__/fixtures/metrics',
  '__test__/fixtures/tools',
];
const FOLDERS = ['.', ...TEST_FOLDERS, ...SUITE_FOLDERS, 'demo'];
for (const folder of FOLDERS) installPackages(folder);
installChromium();
installPrometheus();
buildAddon();
if (positionals.length === 0) {
  runOrExit('cargo', ['test', '--quiet', '--no-default-features']);
}

const files = fs
  .readdirSync(path.join(ROOT, '__test__'))
  .filter((name) => TEST_FILE.test(name) && positionals.every((part) => name.includes(part)))
  .map((name) => path.join('__test__', name));

/**
 * @param {string} version
 * @param {string[]} files
 * @param {number} concurrency
 * @param {string} report  a file
 * @returns {string} what has failed, and why
 */
function runFiles(version, files, concurrency, report) {
  const { status, signal } = spawnSync(
    nodeBinary(version),
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${path.join(__dirname, 'test', 'failures.js')}`,
      `--test-reporter-destination=${report}`,
      ...files,
    ],
    {
      cwd: ROOT,
      stdio: 'inherit',
      // The children that tests start find the same Node first.
      env: {
        ...process.env,
        PATH: `${path.dirname(nodeBinary(version))}${path.delimiter}${process.env.PATH}`,
      },
    },
  );
  if (status === 0) return '';
  const failures = fs.readFileSync(report, 'utf8');
  const isWhole = signal === null && failures !== '';
  return isWhole ? failures : `${failures}✖ the run: it ended with ${signal ?? status}\n`;
}

/**
 * @param {string} version
 * @param {string} scratch  a folder
 * @returns {{ outcome: string, failures: string, isPassed: boolean }}
 */
function runVersion(version, scratch) {
  const ofVersion = files.filter(
    (file) => version === REFERENCE || !ON_REFERENCE_ONLY.includes(file),
  );
  // Without a name Node.js would look for files of its own.
  if (ofVersion.length === 0) {
    const failures = `no such files, or only for Node.js ${REFERENCE}\n`;
    return { outcome: 'FAILED', failures, isPassed: false };
  }
  const report = path.join(scratch, version);
  const failures = runFiles(version, ofVersion, os.availableParallelism(), report);
  if (failures === '') return { outcome: 'all passed', failures, isPassed: true };
  const named = new Set(Array.from(failures.matchAll(/^✖ (.+?): /gm), ([, name]) => name));
  const failed = ofVersion.filter((file) => named.has(path.basename(file)));
  // What is no file of ours, such as a run that was cut short, no second run makes good.
  if (failed.length < named.size) return { outcome: 'FAILED', failures, isPassed: false };
  process.stdout.write(`\n# Node ${version}, once more and by themselves: ${failed.join(', ')}\n`);
  const again = runFiles(version, failed, 1, report);
  return again === ''
    ? { outcome: 'all passed, but at first, beside others, not', failures, isPassed: true }
    : { outcome: 'FAILED', failures: again, isPassed: false };
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-tests-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
const outcomes = versions.map((version) => {
  process.stdout.write(`\n# Node ${version}\n`);
  return { version, ...runVersion(version, scratch) };
});
// All on one page at the end: what went wrong an hour ago has scrolled away.
for (const { version, outcome, failures, isPassed } of outcomes) {
  process.stdout.write(`\n# Node ${version}: ${outcome}\n${failures}`);
  if (!isPassed) process.exitCode = 1;
}
