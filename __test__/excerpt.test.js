'use strict';

/** Which lines of code go into an HTML report: those of the project's own sources, and of nothing else. */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { readExcerpts } = require('../lib/excerpt');
const { temporaryFolder } = require('./child');
const { createFinding, createReport } = require('./report-builder');

const LATER = Date.now() + 3_600_000;

/**
 * @param {string} file
 * @param {number} [line]
 */
function findingAt(file, line = 5) {
  const site = { file, line, column: 1, function: 'f', package: null, app: null };
  return createFinding(0, { site, sites: [{ ...site, share: 1 }] });
}

/**
 * @param {string} directory
 * @param {import('..').Finding[]} findings
 * @param {number} [startedAt]  after which no file was changed
 */
const read = (directory, findings, startedAt = LATER) =>
  readExcerpts(createReport(findings, { startedAt }), directory);

/** @param {number} count */
const numbered = (count) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);

/**
 * A project with a source of ten lines.
 * @param {import('node:test').TestContext} t
 * @param {string} [name]
 */
function project(t, name = 'a.js') {
  const folder = temporaryFolder(t);
  const file = path.join(folder, name);
  fs.writeFileSync(file, numbered(10).join('\n'));
  return { folder, file };
}

test('the line with three before and three after, as far as there are', (t) => {
  const { folder, file } = project(t);
  const shown = [1, 5, 10].map((line) => read(folder, [findingAt(file, line)])[0]);
  assert.deepEqual(
    shown.map(({ line, first, lines }) => [line, first, lines.length, lines[0]]),
    [
      [1, 1, 4, 'line 1'],
      [5, 2, 7, 'line 2'],
      [10, 7, 4, 'line 7'],
    ],
  );
  for (const line of [0, 11, -1, 1.5e9])
    assert.deepEqual(read(folder, [findingAt(file, line)]), []);
});

test('lines end where V8 ends them', (t) => {
  const { folder, file } = project(t);
  fs.writeFileSync(file, 'one\r\ntwo\rthree\u2028four\u2029five\nsix');
  assert.deepEqual(read(folder, [findingAt(file, 4)])[0].lines, [
    'one',
    'two',
    'three',
    'four',
    'five',
    'six',
  ]);
});

test('the line of the application is shown where a package adds, and sites of one line once', (t) => {
  const { folder, file } = project(t);
  const app = { file, line: 3, column: 1, function: 'own' };
  const site = { file: '/elsewhere.js', line: 1, column: 1, function: 'f', package: 'p', app };
  const finding = createFinding(0, { site: null, sites: [{ ...site, share: 1 }] });
  const excerpts = read(folder, [finding, finding]);
  assert.deepEqual(
    excerpts.map(({ line }) => line),
    [3],
  );
});

for (const name of ['a.mjs', 'a.cjs', 'a.ts', 'a.mts', 'a.cts', 'a.jsx', 'a.tsx', 'b/a.js']) {
  test(`${name} is a source`, (t) => {
    const folder = temporaryFolder(t);
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, 'x');
    assert.equal(read(folder, [findingAt(file, 1)]).length, 1);
  });
}

for (const name of ['.env', 'a.json', 'id_rsa', 'a.js.pem', 'js', 'a.html', 'a.node']) {
  test(`${name} is none`, (t) => {
    const { folder, file } = project(t, name);
    assert.deepEqual(read(folder, [findingAt(file)]), []);
  });
}

test('nothing is read outside of the working directory, by whatever way', (t) => {
  const outside = project(t);
  const folder = temporaryFolder(t);
  const sibling = `${folder}-sibling`;
  fs.mkdirSync(sibling);
  t.after(() => fs.rmSync(sibling, { recursive: true }));
  fs.copyFileSync(outside.file, path.join(sibling, 'a.js'));
  fs.symlinkSync(outside.file, path.join(folder, 'link.js'));
  fs.symlinkSync(outside.folder, path.join(folder, 'linked'));
  fs.writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  fs.symlinkSync(path.join(folder, 'secret.txt'), path.join(folder, 'secret.js'));
  const files = [
    '/etc/shadow',
    '/proc/self/environ',
    outside.file,
    path.join(sibling, 'a.js'),
    `${folder}/../${path.basename(outside.folder)}/a.js`,
    path.join(folder, 'link.js'),
    path.join(folder, 'linked', 'a.js'),
    path.join(folder, 'secret.js'),
    'a.js',
    'node:events',
    '',
    '\0.js',
  ];
  for (const file of files) assert.deepEqual(read(folder, [findingAt(file, 1)]), [], file);
});

test('a working directory that is reached by a link, or is gone', (t) => {
  const { folder, file } = project(t);
  const link = path.join(temporaryFolder(t), 'link');
  fs.symlinkSync(folder, link);
  assert.equal(read(link, [findingAt(file)]).length, 1);
  assert.equal(read(link, [findingAt(path.join(link, 'a.js'))]).length, 1);
  assert.deepEqual(readExcerpts(createReport([findingAt(file)]), undefined), []);
  assert.deepEqual(read(path.join(folder, 'gone'), [findingAt(file)]), []);
});

test('a file of 1 MiB is read and a larger one is not, nor one that is binary, a folder or a pipe', (t) => {
  const { folder, file } = project(t);
  const size = 1024 * 1024;
  fs.writeFileSync(file, Buffer.alloc(size, 'a'));
  assert.equal(read(folder, [findingAt(file, 1)]).length, 1);
  fs.writeFileSync(file, Buffer.alloc(size + 1, 'a'));
  assert.deepEqual(read(folder, [findingAt(file, 1)]), []);
  fs.writeFileSync(file, 'a\0b');
  assert.deepEqual(read(folder, [findingAt(file, 1)]), []);
  fs.rmSync(file);
  fs.mkdirSync(file);
  assert.deepEqual(read(folder, [findingAt(file, 1)]), []);
  fs.rmdirSync(file);
  execFileSync('mkfifo', [file]);
  assert.deepEqual(read(folder, [findingAt(file, 1)]), []);
});

test('what has changed since the process was started is not what ran', (t) => {
  const { folder, file } = project(t);
  const changed = fs.statSync(file).mtimeMs;
  assert.equal(read(folder, [findingAt(file)], changed).length, 1);
  assert.deepEqual(read(folder, [findingAt(file)], changed - 1), []);
});

test('long lines are cut at 200 letters, and after fifty findings no more is read', (t) => {
  const { folder, file } = project(t);
  fs.writeFileSync(file, ['a'.repeat(200), 'b'.repeat(201), ...numbered(100)].join('\n'));
  const [{ lines }] = read(folder, [findingAt(file, 1)]);
  assert.deepEqual([lines[0], lines[1]], ['a'.repeat(200), `${'b'.repeat(199)}…`]);
  const findings = Array.from({ length: 51 }, (_, index) => findingAt(file, index + 1));
  assert.equal(read(folder, findings).length, 50);
});
