'use strict';

/** `leakguard heap`: snapshots of this Node.js, and files that are none. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const { linesOf, program, runCli, runNode, temporaryFolder } = require('./child');

const SESSIONS = 1000;
/** The hundred elements that each has. */
const HISTORY_BYTES = 100 * 8;

/** @type {string} */
let snapshot;

before(async (t) => {
  snapshot = path.join(
    temporaryFolder(/** @type {import('node:test').TestContext} */ (t)),
    'sessions.heapsnapshot',
  );
  const { code, stderr } = await runNode([program('holds-sessions.js'), snapshot]);
  assert.equal(code, 0, stderr);
});

/** @param {string[]} args */
async function summary(args) {
  const { code, stdout, stderr } = await runCli(['heap', 'summary', snapshot, '--json', ...args]);
  assert.deepEqual([code, stderr], [0, '']);
  return JSON.parse(stdout);
}

test('a summary counts the members of a class, and what goes with them', async () => {
  const { classes, nodeCount, edgeCount, totalBytes } = await summary(['--limit', '1000']);
  const sessions = classes.find((/** @type {any} */ { name }) => name === 'LeakedSession');
  assert.equal(sessions.count, SESSIONS);
  assert.ok(sessions.retainedBytes >= SESSIONS * HISTORY_BYTES, `${sessions.retainedBytes}`);
  assert.ok(sessions.shallowBytes < sessions.retainedBytes / 4);
  assert.ok(edgeCount > nodeCount && nodeCount > 10_000);
  assert.ok(totalBytes > sessions.retainedBytes);
});

test('the largest objects say by what they are held', async () => {
  const { objects } = await summary([]);
  const map = objects.find((/** @type {any} */ { path: steps }) =>
    steps.at(-1)?.includes('sessionsByToken'),
  );
  assert.equal(map.class, 'Map');
  assert.ok(map.retainedBytes >= SESSIONS * HISTORY_BYTES);
  assert.match(map.path.at(-1), /^variable sessionsByToken Map$/);
});

test('as text it has the same in tables, with a limit of rows', async () => {
  const { code, stdout, stderr } = await runCli(['heap', 'summary', snapshot, '--limit', '3']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^\d.*MiB in [\d,]+ nodes with [\d,]+ references$/m);
  assert.match(stdout, /^CLASSES, 3 of \d+$/m);
  assert.match(stdout, /^ +variable sessionsByToken Map$/m);
});

test('redacted it holds no contents of strings', async () => {
  const { stdout } = await runCli(['heap', 'summary', snapshot, '--limit', '1000', '--redact']);
  assert.doesNotMatch(stdout, /secret|token \d/);
  assert.match(stdout, /LeakedSession/);
});

/** @type {[label: string, content: (whole: Buffer) => Buffer | string, said: RegExp][]} */
const BAD_FILES = [
  ['an empty file', () => '', /byte 0: the file ends here, where \{ was expected/],
  [
    'half a snapshot',
    (whole) => whole.subarray(0, whole.length / 2),
    /byte \d+: the file ends here/,
  ],
  ['a report', () => '{"schema":1,"findings":[]}', /byte 26: there is no "nodes"/],
  ['a heap profile', () => '{"head":{},"samples":[]}', /there is no "nodes"/],
  ['text', () => 'hello', /byte 0: h stands where \{ was expected/],
  [
    'a compressed file',
    () => Buffer.from([31, 139, 8, 0]),
    /the byte 0x1f stands where \{ was expected/,
  ],
  [
    'a header that promises 2^32 nodes',
    (whole) => whole.toString().replace(/"node_count":\d+/, '"node_count":4294967296'),
    /4294967296 nodes are more than/,
  ],
  [
    'an edge to nowhere',
    (whole) => whole.toString().replace(/"edges":\[(\d+),(\d+),\d+/, '"edges":[$1,$2,3999999999'),
    /byte \d+: expected the place of a node, not 3999999999/,
  ],
];
for (const [label, content, said] of BAD_FILES) {
  test(`${label} is refused in one line with the byte and what was expected`, async (t) => {
    const file = path.join(temporaryFolder(t), 'bad.heapsnapshot');
    fs.writeFileSync(file, content(fs.readFileSync(snapshot)));
    const { code, stdout, stderr } = await runCli(['heap', 'summary', file]);
    assert.deepEqual([code, stdout], [65, '']);
    assert.equal(linesOf(stderr).length, 1, stderr);
    assert.ok(stderr.includes(file), stderr);
    assert.match(stderr, said);
  });
}

test('a file that is not there, and a folder, are refused by name', async (t) => {
  for (const file of ['no-such.heapsnapshot', temporaryFolder(t)]) {
    const { code, stderr } = await runCli(['heap', 'summary', file]);
    assert.equal(code, 65);
    assert.ok(stderr.includes(file) && stderr.includes('cannot be read'), stderr);
  }
});

test('a bad limit is a usage error', async () => {
  for (const limit of ['0', '1001', 'x', '1.5']) {
    const { code, stderr } = await runCli(['heap', 'summary', snapshot, '--limit', limit]);
    assert.equal(code, 64);
    assert.match(stderr, /1 to 1000/);
  }
});

test('with --json an error is JSON too', async () => {
  const { code, stderr } = await runCli(['heap', 'summary', 'no-such', '--json']);
  assert.equal(code, 65);
  assert.match(JSON.parse(stderr).error.message, /no-such cannot be read/);
});
