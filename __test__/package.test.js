'use strict';

/** The package as a whole: what it ships, what its parts may know of each other, and its versions. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const manifest = require('../package.json');
const { SUITE_FOLDERS } = require('../scripts/suites/suite-run');
const { ROOT, runNode } = require('./child');

/**
 * The files below a folder, as paths relative to the repository.
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.name === 'node_modules') return [];
    return entry.isDirectory() ? filesBelow(name) : [name];
  });
}

/** @param {string} name */
const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8');

const LIBRARY = filesBelow('lib');
const SHIPPED_CODE = ['auto.js', 'bin/leakguard.js', 'index.js', 'register.js', ...LIBRARY];

test('the main entry loads nothing but itself and Node', async () => {
  const source = `require(${JSON.stringify(ROOT)}).report();
    console.log(JSON.stringify(Object.keys(require.cache)));`;
  const { stdout } = await runNode(['-e', source]);
  const loaded = JSON.parse(stdout).map((/** @type {string} */ file) => path.relative(ROOT, file));
  const foreign = loaded.filter((/** @type {string} */ name) =>
    /^\.\.|node_modules|^lib.cli/.test(name),
  );
  assert.deepEqual(foreign, []);
});

test('a start loads of Node what it needs, and nothing that is dear', async () => {
  const source = `require(${JSON.stringify(ROOT)});
    console.log(JSON.stringify([process.moduleLoadList, Object.keys(require.cache)]));`;
  const { stdout } = await runNode(['-e', source], { env: { LEAKGUARD_LEVEL: 'exact' } });
  const [builtins, files] = JSON.parse(stdout);
  for (const name of ['inspector', 'perf_hooks', 'v8', 'worker_threads']) {
    assert.ok(!builtins.includes(`NativeModule ${name}`), name);
  }
  assert.ok(!files.some((/** @type {string} */ file) => file.endsWith('binding.js')), 'binding.js');
});

test('what exports and bin name is there', () => {
  const targets = [
    manifest.main,
    manifest.types,
    ...Object.values(manifest.bin),
    ...Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? entry : Object.values(entry),
    ),
  ];
  for (const target of targets) assert.ok(fs.existsSync(path.join(ROOT, target)), target);
  assert.match(read('bin/leakguard.js'), /^#!\/usr\/bin\/env node\n/);
  assert.ok(fs.statSync(path.join(ROOT, 'bin/leakguard.js')).mode & 0o100, 'bin is executable');
});

test('what is exported is what is declared', () => {
  const declared = [
    ...read('index.d.ts').matchAll(/^export (?:declare )?(?:function|class|const) (\w+)/gm),
  ];
  // A function of several shapes is declared several times.
  const names = [...new Set(declared.map(([, name]) => name))];
  assert.deepEqual(names.sort(), Object.keys(require('..')).sort());
});

test('the version is the same everywhere', () => {
  const { version } = manifest;
  assert.match(read('Cargo.toml'), new RegExp(`^version = "${version}"$`, 'm'));
  assert.match(read('Cargo.lock'), new RegExp(`name = "leakguard"\nversion = "${version}"`));
  const lock = JSON.parse(read('package-lock.json'));
  assert.deepEqual([lock.version, lock.packages[''].version], [version, version]);
  assert.equal(require('..').report().leakguard, version);
});

test('no lock file names a registry', () => {
  const rooms = [
    'runtimes',
    'oracles',
    'browser',
    'package-checkers',
    'fixtures/runners',
    'fixtures/metrics',
    'fixtures/tools',
  ];
  const tests = rooms.map((room) => `__test__/${room}`);
  for (const folder of ['.', ...tests, ...SUITE_FOLDERS, 'demo']) {
    const name = path.posix.join(folder, 'package-lock.json');
    if (fs.existsSync(path.join(ROOT, name))) assert.doesNotMatch(read(name), /https?:[^"]*\.tgz/);
  }
});

test('the runner collects every test file there is', () => {
  const [, source] = /** @type {RegExpExecArray} */ (
    /const TEST_FILE = \/(.+)\/;/.exec(read('scripts/test.js'))
  );
  const collected = new RegExp(source);
  const misplaced = filesBelow('__test__')
    .filter((name) => /[.-](test|spec)\.[cm]?[jt]sx?$/.test(name))
    // The suites that the test runners under test run.
    .filter((name) => !/^__test__\/fixtures\/(runners|suites)\//.test(name))
    .filter((name) => {
      const base = path.posix.relative('__test__', name);
      return base.includes('/') || !collected.test(base);
    });
  assert.deepEqual(
    misplaced.filter((name) => !name.endsWith('.test-d.ts')),
    [],
  );
});

test('every CommonJS file that ships is strict: a sloppy hook would hand its host another this', () => {
  const sloppy = SHIPPED_CODE.filter((name) => !name.endsWith('.mjs')).filter(
    (name) => !/^(#!.*\n)?(\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*'use strict';/.test(read(name)),
  );
  assert.deepEqual(sloppy, []);
});

/**
 * Floors: a file may require its own floor and lower ones.
 * @type {[floor: number, pattern: RegExp][]}
 */
const FLOORS = [
  [0, /^lib\/(clock|errors|exposition|holding|in-flight|iterators|loaded|order|symbols)\.js$/],
  [
    1,
    /^lib\/(native|options|ignore|baseline|patch|frames|call-site|heap-profile|inlining|label|sampler|slots|tracked|site-populations|descriptors|handles|globals|expectations|promises|warning|watch|report|rest|sample-distance|allocation-rate|repetition|collect|stack|marks|registrations|settle|formats|excerpt|report-file|heap-sampler|profile-summary|recorder|replace-file|mailbox|snapshot-room|metric-families|workers)\.js$/,
  ],
  [
    2,
    /^lib\/(shims\/[\w-]+|shim-host|at-exit|meters|survivors|scenario-heap|check|contract|heap|holders|black-box|remote)\.js$/,
  ],
  [3, /^lib\/(instance|monitor|run|metrics)\.js$/],
  [4, /^lib\/(cli|adapters)\/[\w-]+\.m?js$/],
];

/** @param {string} name */
const floorOf = (name) => FLOORS.find(([, pattern]) => pattern.test(name))?.[0];

/**
 * What a file of the library requires, comments left out.
 * @param {string} name
 * @returns {string[]} paths relative to the repository, or names of packages
 */
function requiredBy(name) {
  const code = read(name)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/\b(?:require|import)\(\s*'([^']+)'\s*\)/g)].map(([, target]) => {
    if (!target.startsWith('.')) return target;
    const resolved = require.resolve(path.resolve(ROOT, path.dirname(name), target));
    return path.relative(ROOT, resolved).replaceAll('\\', '/');
  });
}

test('every file of the library stands on a floor', () => {
  assert.deepEqual(
    LIBRARY.filter((name) => floorOf(name) === undefined),
    [],
  );
});

test('the map names every file of the library, those of a folder together', () => {
  const map = read('ARCHITECTURE.md');
  const isNamed = (/** @type {string} */ name) => {
    const { dir, base } = path.parse(name);
    const names = dir === 'lib' ? [base, name] : [`${dir}/`];
    return names.some((one) => map.includes(`\`${one}\``));
  };
  assert.deepEqual(
    LIBRARY.filter((name) => !isNamed(name)),
    [],
  );
});

test('no file requires one on a higher floor', () => {
  const arrows = LIBRARY.flatMap((name) =>
    requiredBy(name)
      .filter((target) => target.startsWith('lib/'))
      .filter((target) => Number(floorOf(target)) > Number(floorOf(name)))
      .map((target) => `${name} -> ${target}`),
  );
  assert.deepEqual(arrows, []);
});

test('only lib/native.js requires the binding, and no shim requires lib/native.js', () => {
  const binding = LIBRARY.filter((name) =>
    requiredBy(name).some((target) => target.startsWith('native/')),
  );
  assert.deepEqual(binding, ['lib/native.js']);
  /**
   * @param {string} name
   * @param {Set<string>} seen
   * @returns {Set<string>}
   */
  const reach = (name, seen = new Set()) => {
    for (const target of requiredBy(name)) {
      if (!target.startsWith('lib/') || seen.has(target)) continue;
      seen.add(target);
      reach(target, seen);
    }
    return seen;
  };
  for (const name of LIBRARY.filter((file) => file.startsWith('lib/shims/'))) {
    assert.ok(!reach(name).has('lib/native.js'), `${name} reaches lib/native.js`);
  }
});

test('packages are required by the command line alone, and are dependencies', () => {
  for (const name of LIBRARY) {
    const packages = requiredBy(name).filter(
      (target) => !/^(lib|native)\/|^(index\.js|package\.json)$/.test(target) && !isBuiltin(target),
    );
    if (!name.startsWith('lib/cli/')) assert.deepEqual(packages, [], name);
    for (const target of packages) assert.ok(Object.hasOwn(manifest.dependencies, target), target);
  }
});

test('nothing that ships names a machine', () => {
  for (const name of [...SHIPPED_CODE, 'index.d.ts', 'package.json', 'report.schema.json']) {
    assert.doesNotMatch(read(name), /\/(home|root|work|Users)\//, name);
  }
});
