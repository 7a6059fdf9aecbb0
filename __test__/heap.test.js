'use strict';

/** `leakguard heap`: snapshots of this Node.js, and files that are none. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const zlib = require('node:zlib');
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
  // The map, its table, and then they.
  assert.ok(sessions.distance > 3, `${sessions.distance}`);
  assert.ok(edgeCount > nodeCount && nodeCount > 10_000);
  assert.ok(totalBytes > sessions.retainedBytes);
});

test('the largest objects say by what they are held', async () => {
  const { objects } = await summary([]);
  const map = objects.find((/** @type {any} */ { path: steps }) =>
    steps.at(-1)?.by.includes('sessionsByToken'),
  );
  assert.equal(map.class, 'Map');
  assert.ok(map.retainedBytes >= SESSIONS * HISTORY_BYTES);
  assert.equal(map.path.at(-1).by, 'variable sessionsByToken');
  assert.ok(map.distance > 1, `${map.distance}`);
});

test('as text it has the same in tables, with a limit of rows', async () => {
  const { code, stdout, stderr } = await runCli(['heap', 'summary', snapshot, '--limit', '3']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^\d.*MiB in [\d,]+ nodes with [\d,]+ references$/m);
  assert.match(stdout, /^CLASSES, 3 of \d+$/m);
  assert.match(stdout, /^ +variable sessionsByToken Map {2}<- here\?$/m);
  assert.match(stdout, /^ +[\d.]+ KiB +1,000 {2}Map @\d+ {2}held by ….* sessionsByToken$/m);
});

test('a way says by what one thing is held, and where that should end', async () => {
  const { code, stdout, stderr } = await runCli([
    'heap',
    'path',
    snapshot,
    '--class',
    'LeakedSession',
    '--limit',
    '1',
  ]);
  assert.deepEqual([code, stderr], [0, '']);
  const lines = linesOf(stdout);
  assert.equal(lines[0], '1 of 1,000 such things');
  assert.match(lines[1], /^LeakedSession @\d+: .* with all that goes with it$/);
  assert.match(lines.at(-1) ?? '', /~> get\("token \d+"\) LeakedSession$/);
  const [, id] = /** @type {RegExpExecArray} */ (/@(\d+)/.exec(lines[1]));
  const byId = await runCli(['heap', 'path', snapshot, '--id', id]);
  assert.deepEqual(linesOf(byId.stdout), lines.slice(1));
  const redacted = await runCli(['heap', 'path', snapshot, '--id', id, '--redact']);
  assert.doesNotMatch(redacted.stdout, /token/);
  const byName = await runCli(['heap', 'path', snapshot, '--name', 'token 7', '--json']);
  assert.equal(JSON.parse(byName.stdout).targets[0].class, '(string)');
});

test('a way to nothing, to several sorts of things, and to what is not there is refused', async () => {
  for (const [args, exitCode, said] of /** @type {[string[], number, RegExp][]} */ ([
    [[], 64, /one of --id, --class and --name/],
    [['--id', '1', '--name', 'x'], 64, /one of --id, --class and --name/],
    [['--id', 'x'], 64, /whole number/],
    [['--class', 'NoSuch'], 65, /no object is of class "NoSuch"; see `leakguard heap summary`/],
  ])) {
    const { code, stdout, stderr } = await runCli(['heap', 'path', snapshot, ...args]);
    assert.deepEqual([code, stdout], [exitCode, '']);
    assert.match(stderr, said);
  }
});

test('suspects are what holds a tenth of the heap', async () => {
  const { code, stdout } = await runCli(['heap', 'suspects', snapshot]);
  assert.equal(code, 0);
  assert.match(stdout, /^1 thing that holds a tenth of [\d.]+ MiB or more$/m);
  assert.doesNotMatch(stdout, /together/);
  assert.match(stdout, /^ +holds 1,000 LeakedSession: [\d.]+ (K|M)iB$/m);
});

test('a class that two Maps share is a suspect together, and is told with where it gathers', async (t) => {
  const file = path.join(temporaryFolder(t), 'shared.heapsnapshot');
  // What a compiler on another thread is about to use is held by roots for the time.
  const flag = '--no-concurrent-recompilation';
  const { code, stderr } = await runNode([flag, program('shares-sessions.js'), file]);
  assert.equal(code, 0, stderr);
  const { stdout } = await runCli(['heap', 'suspects', file, '--json']);
  const { suspects, classSuspects } = JSON.parse(stdout);
  assert.deepEqual(suspects, []);
  const [{ class: name, count, share, holder }, ...others] = classSuspects;
  assert.deepEqual([name, count, others], ['LeakedSession', SESSIONS, []]);
  assert.ok(share >= 0.1 && share < 1, `${share}`);
  // The variables of the module.
  assert.equal(holder.class, 'system / Context');
  const { stdout: text } = await runCli(['heap', 'suspects', file]);
  assert.match(text, /^1 class whose members hold a tenth of [\d.]+ MiB or more together$/m);
  assert.match(text, /^ +[\d.]+ (K|M)iB +\d+ % {2}1,000 LeakedSession$/m);
  assert.match(text, /^ +most of them in system \/ Context @\d+$/m);
});

test('a timeline says which functions allocated what is there', async (t) => {
  const file = path.join(temporaryFolder(t), 'kept.heaptimeline');
  const { code, stderr } = await runNode([program('records-allocations.js'), file]);
  assert.equal(code, 0, stderr);
  const { stdout } = await runCli(['heap', 'summary', file, '--json', '--limit', '1000']);
  const { functions } = JSON.parse(stdout).allocations;
  const of = (/** @type {string} */ name) =>
    functions.find((/** @type {any} */ each) => each.name === name);
  const keeps = of('keep');
  assert.match(keeps.place, /records-allocations\.js:\d+:\d+$/);
  // Each with its elements.
  assert.ok(keeps.liveCount >= 2 * SESSIONS && keeps.liveBytes > SESSIONS * HISTORY_BYTES);
  assert.ok(keeps.allocatedBytes >= keeps.liveBytes);
  const drops = of('drop');
  assert.ok(drops.allocatedBytes > SESSIONS * HISTORY_BYTES, `${drops.allocatedBytes}`);
  assert.ok(drops.liveBytes < drops.allocatedBytes / 10, `${drops.liveBytes}`);
  const { stdout: text } = await runCli(['heap', 'summary', file, '--limit', '3']);
  assert.match(text, /^WHO ALLOCATED WHAT IS THERE, 3 of \d+$/m);
  assert.match(text, /^ +[\d.]+ KiB .* keep \(.*records-allocations\.js:\d+:\d+\)$/m);
  assert.doesNotMatch((await runCli(['heap', 'summary', snapshot])).stdout, /WHO ALLOCATED/);
});

test('a heap has not changed against itself', async () => {
  const { stdout } = await runCli(['heap', 'diff', snapshot, snapshot, '--json']);
  const { classCount, propertyCount, before: first, after: second } = JSON.parse(stdout);
  assert.deepEqual([classCount, propertyCount], [0, 0]);
  assert.deepEqual(first, second);
  const { stdout: text } = await runCli(['heap', 'growth', snapshot, snapshot]);
  assert.match(text, /^nothing grows in every one of them$/m);
});

test('a packed file is read as it is, and one that is broken is refused', async (t) => {
  const folder = temporaryFolder(t);
  const packed = zlib.gzipSync(fs.readFileSync(snapshot), { level: 1 });
  const file = path.join(folder, 'packed.heapsnapshot.gz');
  fs.writeFileSync(file, packed);
  const plain = await runCli(['heap', 'summary', snapshot]);
  assert.equal((await runCli(['heap', 'summary', file])).stdout, plain.stdout);
  for (const [label, content, said] of /** @type {[string, Buffer, RegExp][]} */ ([
    [
      'cut',
      packed.subarray(0, packed.length / 2),
      /byte \d+: no gzip that can be read: .*end of file/,
    ],
    ['empty', zlib.gzipSync(''), /byte 0: the file ends here/],
    [
      'bomb',
      zlib.gzipSync(Buffer.alloc(100 * 2 ** 20, ' ')),
      /byte \d+: \d+ bytes come out of these/,
    ],
  ])) {
    const broken = path.join(folder, label);
    fs.writeFileSync(broken, content);
    const { code, stdout, stderr } = await runCli(['heap', 'summary', broken]);
    assert.deepEqual([code, stdout], [65, ''], label);
    assert.equal(linesOf(stderr).length, 1, stderr);
    assert.ok(stderr.includes(broken), stderr);
    assert.match(stderr, said);
  }
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

test('a heap profile is summed up by function, callees once each', async (t) => {
  const frame = (/** @type {string} */ functionName, lineNumber = 0) => ({
    functionName,
    url: 'file:///app/server.js',
    lineNumber,
    columnNumber: 4,
  });
  const leaf = { callFrame: frame('parse', 9), selfSize: 1024, children: [] };
  const inner = { callFrame: frame('walk'), selfSize: 512, children: [leaf] };
  const outer = { callFrame: frame('walk'), selfSize: 0, children: [inner] };
  const head = { callFrame: { ...frame('(root)'), url: '' }, selfSize: 0, children: [outer] };
  const file = path.join(temporaryFolder(t), 'live.heapprofile');
  fs.writeFileSync(file, JSON.stringify({ head, samples: [] }));
  const { stdout } = await runCli(['heap', 'summary', file, '--json']);
  assert.deepEqual(JSON.parse(stdout), {
    sampledBytes: 1536,
    functionCount: 2,
    functions: [
      { name: 'parse', place: '/app/server.js:10:5', selfBytes: 1024, totalBytes: 1024 },
      { name: 'walk', place: '/app/server.js:1:5', selfBytes: 512, totalBytes: 1536 },
    ],
  });
  const { stdout: text } = await runCli(['heap', 'summary', file]);
  assert.match(text, /^ +1\.0 KiB +1\.0 KiB {2}parse \(\/app\/server\.js:10:5\)$/m);
  for (const bad of ['', '{"head":1}', '{"head":{"callFrame":{},"children":[]}}']) {
    fs.writeFileSync(file, bad);
    const { code, stderr } = await runCli(['heap', 'summary', file]);
    assert.equal(code, 65);
    assert.match(stderr, /live\.heapprofile: no heap profile/);
  }
});
