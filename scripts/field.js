#!/usr/bin/env node
'use strict';

/**
 * `npm run test:field`: the public test suites of popular packages, bare, under `leakguard run`, and,
 * where their runner has an adapter, with that. The promise is the same passes and failures; what was
 * found on top is printed, and judged by hand in `docs/field-report.md`.
 *
 * Their sources, with their tests, come from Debian's source packages; what they need comes from npm
 * in the versions that they ask for.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseCount, parseList, readOrExit } = require('./command-line');
const { DebianApt } = require('./core-suite/debian-apt');
const { quantile } = require('./quantile');
const { ROOT, bareEnvironment, buildAddon, installPackages, nodeBinary } = require('./setup');

const CACHE = path.join(ROOT, '.cache', 'field');
/** One mocha for all: some ask for versions that know no root hooks from modules. */
const RUNNERS = path.join(ROOT, '__test__/fixtures/suites/previous');
const SUITES = ['bookworm', 'trixie', 'forky', 'sid'];

/**
 * @typedef {object} Package
 * @property {string[]} mocha  arguments of its test script; without `--bail`, so that all of it is compared
 */

/** By name; Debian calls them `node-NAME`. @type {Record<string, Package>} */
const PACKAGES = {
  express: { mocha: ['--require', 'test/support/env', 'test/', 'test/acceptance/'] },
  ws: { mocha: ['test/*.test.js'] },
  'body-parser': { mocha: ['--require', 'test/support/env', 'test/'] },
  connect: { mocha: ['--require', 'test/support/env', 'test/'] },
  finalhandler: { mocha: ['test/'] },
  compression: { mocha: ['test/'] },
  morgan: { mocha: ['test/'] },
  multiparty: { mocha: ['test/'] },
  'on-finished': { mocha: ['test/'] },
  eventemitter3: { mocha: ['test/test.js'] },
};

const HELP = `Usage: npm run test:field -- [options]

  --node MAJOR   (default: 24)
  --only LIST    of ${Object.keys(PACKAGES).join(', ')} (default: all)
  --rounds N     interleaved runs of each, for the times (default: 1)
  --json         print all that was found

Exit code: 0 the same passes and failures everywhere, 1 not, 64 wrong usage, 65 sources that cannot be had.
`;

const { values, only, rounds } = readOrExit(
  'test:field',
  () => {
    const { values } = parseArgs({
      options: {
        node: { type: 'string', default: '24' },
        only: { type: 'string', default: Object.keys(PACKAGES).join(',') },
        rounds: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    });
    return {
      values,
      only: parseList('--only', values.only, Object.keys(PACKAGES)),
      rounds: parseCount('--rounds', values.rounds, 100),
    };
  },
  HELP,
);

/** @typedef {{ code: number | null, ms: number, results: Record<string, string>, output: string }} Run */
/** @typedef {import('..').Finding} Finding */

/** @type {DebianApt | undefined} */
let apt;

/**
 * The newest source of a package that can be had, unpacked, with what its tests need.
 * @param {string} name
 * @returns {string} its folder
 */
function fetchPackage(name) {
  const folder = path.join(CACHE, name);
  if (fs.existsSync(path.join(folder, 'node_modules'))) return folder;
  process.stderr.write(`field: fetching ${name}\n`);
  if (apt === undefined) {
    apt = new DebianApt(path.join(CACHE, 'apt'), SUITES);
    apt.update();
  }
  const archive = download(apt, `node-${name}`);
  fs.mkdirSync(folder, { recursive: true });
  check(spawnSync('tar', ['-xf', archive, '-C', folder, '--strip-components=1']));
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
  check(spawnSync('npm', [...install, '--loglevel=error'], { cwd: folder, encoding: 'utf8' }));
  return folder;
}

/**
 * @param {DebianApt} from
 * @param {string} name
 * @returns {string} the archive
 */
function download(from, name) {
  for (const { version, files } of from.find(name).reverse()) {
    const file = files.find((each) => /\.orig\.tar\.(gz|xz|bz2)$/.test(each.name));
    try {
      if (file !== undefined) return from.download(name, version, file, CACHE);
    } catch {
      // Mirrors forget versions that their index still names.
    }
  }
  process.stderr.write(`field: no source of ${name} can be had from Debian's mirror\n`);
  process.exit(65);
}

/** @param {import('node:child_process').SpawnSyncReturns<any>} result */
function check({ status, stderr, error }) {
  if (status === 0) return;
  process.stderr.write(`field: ${error ?? stderr}\n`);
  process.exit(65);
}

/**
 * @param {string} folder  of a package
 * @param {Package} about
 * @param {{ before?: string[], adapter?: boolean, env?: NodeJS.ProcessEnv }} how
 * @returns {Run}
 */
function run(folder, { mocha }, { before = [], adapter = false, env = {} }) {
  const file = path.join(CACHE, 'results.json');
  fs.rmSync(file, { force: true });
  const args = [
    ...before,
    nodeBinary(values.node),
    path.join(RUNNERS, 'node_modules/mocha/bin/mocha.js'),
    ...['--reporter', path.join(__dirname, 'field', 'reporter.js'), '--exit'],
    ...(adapter ? ['--require', path.join(ROOT, 'lib/adapters/mocha.js')] : []),
    ...mocha,
  ];
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(args[0], args.slice(1), {
    cwd: folder,
    encoding: 'utf8',
    env: { ...bareEnvironment(), NODE_ENV: 'test', FIELD_RESULTS: file, ...env },
    maxBuffer: 2 ** 28,
    timeout: 600_000,
  });
  const ms = performance.now() - start;
  const results = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  return { code: status, ms, results, output: stdout + stderr };
}

/**
 * @param {Run} bare
 * @param {Run} guarded
 * @returns {string[]} tests that came out otherwise
 */
function differences({ results: bare }, { results: guarded }) {
  const titles = new Set([...Object.keys(bare), ...Object.keys(guarded)]);
  return (
    [...titles]
      // The adapter's own hook fails where something was left, and is no test of the package.
      .filter((title) => !/^"after all" hook/.test(title))
      .filter((title) => bare[title] !== guarded[title])
      .map((title) => `${title}: ${bare[title] ?? 'absent'} -> ${guarded[title] ?? 'absent'}`)
  );
}

/** @param {Run} run */
function tally({ results }) {
  const outcomes = Object.values(results);
  const count = (/** @type {string} */ outcome) =>
    outcomes.filter((each) => each === outcome).length;
  return `${count('pass')} passed, ${count('fail')} failed`;
}

/** @param {number[]} times */
const median = (times) => quantile(times, 0.5);

/** @param {string} name */
function survey(name) {
  const about = PACKAGES[name];
  const folder = fetchPackage(name);
  const report = path.join(CACHE, `${name}.json`);
  const guard = ['run', '--report', report, '--sensitivity', 'high', '--interval', '100ms', '--'];
  const ways = {
    bare: () => run(folder, about, {}),
    run: () =>
      run(folder, about, {
        before: [process.execPath, path.join(ROOT, 'bin/leakguard.js'), ...guard],
      }),
    adapter: () =>
      run(folder, about, { adapter: true, env: { LEAKGUARD_REPORT: report, LEAKGUARD_WARN: '0' } }),
  };
  /** @type {Record<string, number[]>} */
  const times = { bare: [], run: [], adapter: [] };
  /** @type {Record<string, Run>} */
  const last = {};
  /** @type {Record<string, Finding[]>} */
  const found = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, start] of Object.entries(ways)) {
      fs.rmSync(report, { force: true });
      last[way] = start();
      times[way].push(last[way].ms);
      if (fs.existsSync(report)) found[way] = JSON.parse(fs.readFileSync(report, 'utf8')).findings;
    }
  }
  const changed = {
    run: differences(last.bare, last.run),
    adapter: differences(last.bare, last.adapter),
  };
  return { name, version: versionOf(folder), times, last, found, changed };
}

/** @param {string} folder */
const versionOf = (folder) =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;

/** @param {Finding} finding */
function lineOf({ severity, title, site, marks }) {
  const place = site === null ? 'no line' : `${path.relative(CACHE, site.file)}:${site.line}`;
  const during = marks.length === 0 ? '' : `, during ${marks[0].label}`;
  const others = marks.length > 1 ? ` and ${marks.length - 1} others` : '';
  return `${severity}: ${title}, ${place}${during}${others}`;
}

function main() {
  const folders = ['.', '__test__/runtimes', path.relative(ROOT, RUNNERS)];
  for (const folder of folders) installPackages(folder);
  buildAddon();
  fs.mkdirSync(CACHE, { recursive: true });
  const surveys = only.map(survey);
  let same = true;
  for (const { name, version, times, last, found, changed } of surveys) {
    const ratio = (/** @type {string} */ way) =>
      (median(times[way]) / median(times.bare)).toFixed(2);
    process.stdout.write(
      `\n${name} ${version}: ${tally(last.bare)} bare in ${(median(times.bare) / 1000).toFixed(1)} s; ` +
        `leakguard run ${ratio('run')}x, adapter ${ratio('adapter')}x\n`,
    );
    for (const way of /** @type {const} */ (['run', 'adapter'])) {
      same &&= changed[way].length === 0;
      for (const difference of changed[way])
        process.stdout.write(`  ${way} DIFFERS  ${difference}\n`);
      for (const finding of found[way] ?? [])
        process.stdout.write(`  ${way}  ${lineOf(finding)}\n`);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(surveys, null, 2)}\n`);
  process.exitCode = same ? 0 : 1;
}

main();
