'use strict';

/** Heap snapshots of this very process, in memory and beside it in a file. */

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Readable } = require('node:stream');
const v8 = require('node:v8');
const zlib = require('node:zlib');
const { retainersOf } = require('../lib/heap');
const { temporaryFolder } = require('./child');
const { nextTick, repeat, startQuick, untilLeak } = require('./ticks');
const leakguard = require('..');

const { heap } = leakguard;
const COUNT = 500;

class HeldSession {
  /** @param {number} id */
  constructor(id) {
    this.user = `user ${id}`;
    this.bytes = new Array(100).fill(id);
  }
}

const usersByMail = new Map([['jane@example.org', {}]]);
const heldSessions = new Map(
  Array.from({ length: COUNT }, (_, id) => [`token ${id}`, new HeldSession(id)]),
);
const bus = new EventEmitter().setMaxListeners(0);
for (let count = 0; count < COUNT; count += 1) bus.on('held', function onHeld() {});

test('a capture counts what is there, and says which line holds it', async () => {
  const snapshot = await heap.capture();
  assert.ok(snapshot.nodeCount > 10_000);
  const { classes, containers } = await snapshot.summary({ limit: 1000 });
  const sessions = classes.find(({ name }) => name === 'HeldSession');
  assert.equal(sessions?.count, COUNT);
  const [map] = containers.maps;
  assert.equal(map.entries, heldSessions.size);
  assert.equal(map.path.at(-1)?.by, 'variable heldSessions');
  const listeners = containers.listeners.find(({ entries }) => entries === COUNT);
  assert.equal(listeners?.path.at(-1)?.by, '.held');
  const { targets } = await snapshot.path({ name: 'onHeld' }, { limit: 1 });
  assert.ok(targets[0].place?.includes(`${__filename}:`));
});

test('a way leads to one entry by its key, and marks the step from the Map', async () => {
  const snapshot = await heap.capture();
  const { count, targets } = await snapshot.path({ class: 'HeldSession' }, { limit: COUNT });
  assert.equal(count, COUNT);
  const keys = targets.map(({ path: steps }) => steps.at(-1)?.by).sort();
  assert.deepEqual(keys, [...heldSessions.keys()].map((key) => `get("${key}")`).sort());
  assert.ok(targets.every(({ path: steps }) => steps.at(-1)?.isSuspect));
  assert.match(
    `${await snapshot.path({ id: targets[0].id })}`,
    / ~> get\("token \d+"\) HeldSession/,
  );
});

test('what gathers a tenth of the heap is a suspect', async (t) => {
  /** @type {Buffer[] | object[]} */
  const gathered = Array.from({ length: 200_000 }, () => ({ at: 1 }));
  t.after(() => gathered.splice(0));
  const snapshot = await heap.capture();
  const { suspects } = await snapshot.suspects();
  const suspect = suspects.find(({ path: steps }) => steps.at(-1)?.by === 'variable gathered');
  assert.ok(suspect !== undefined && suspect.share > 0.1, `${await snapshot.suspects()}`);
  assert.equal(suspect.held[0].class, 'Object');
  assert.equal(suspect.held[0].count, gathered.length);
});

test('two captures differ by what has come in between', async (t) => {
  const before = await heap.capture();
  for (let id = 0; id < 50; id += 1) heldSessions.set(`later ${id}`, new HeldSession(id));
  t.after(() => {
    for (let id = 0; id < 50; id += 1) heldSessions.delete(`later ${id}`);
  });
  const { classes, properties } = await heap.diff(before, await heap.capture(), { limit: 1000 });
  const change = classes.find(({ name }) => name === 'HeldSession');
  assert.deepEqual(change?.counts, [COUNT, COUNT + 50]);
  assert.deepEqual([change?.newCount, change?.freedCount], [50, 0]);
  assert.deepEqual(properties.find(({ name }) => name === 'Map [x] HeldSession')?.counts, [
    COUNT,
    COUNT + 50,
  ]);
});

const hasZstd = 'createZstdCompress' in zlib;
for (const ending of ['', '.gz', '.zst']) {
  const skip = ending === '.zst' && !hasZstd ? 'this Node.js has no zstd' : false;
  test(`a capture is written beside, as V8 has it${ending && `, packed as ${ending}`}`, {
    skip,
  }, async (t) => {
    const file = path.join(temporaryFolder(t), `app.heapsnapshot${ending}`);
    const captured = await heap.capture({ file });
    const read = await heap.analyze(file);
    assert.equal(read.nodeCount, captured.nodeCount);
    assert.equal(`${await read.summary()}`, `${await captured.summary()}`);
    const packed = fs.readFileSync(file);
    assert.equal(packed[0] === '{'.charCodeAt(0), ending === '');
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  });
}

test('a stream of any pieces is read, and its errors are those of the reading', async () => {
  const text = await v8.getHeapSnapshot().toArray();
  const whole = Buffer.concat(text);
  const pieces = function* () {
    for (let at = 0; at < whole.length; at += 99_991) yield whole.subarray(at, at + 99_991);
  };
  const { nodeCount } = await heap.analyze(Readable.from(pieces()));
  assert.ok(nodeCount > 10_000);
  await assert.rejects(heap.analyze(Readable.from([whole.subarray(0, 5000)])), {
    code: 'ERR_LEAKGUARD_INPUT',
    message: 'byte 5000: the file ends here, where a number or ] was expected',
  });
  await assert.rejects(heap.analyze(Readable.from([Buffer.from('hello'), ...pieces()])), {
    code: 'ERR_LEAKGUARD_INPUT',
    message: 'byte 0: h stands where { was expected',
  });
  const broken = new Readable({ read() {} });
  broken.destroy(new Error('the disk is gone'));
  await assert.rejects(heap.analyze(broken), /the disk is gone/);
});

/** @type {[name: string, call: () => Promise<unknown>, code: string, said: RegExp][]} */
const REFUSED = [
  ['no source', () => heap.analyze(/** @type {any} */ (7)), 'ERR_LEAKGUARD_INPUT', /not 7/],
  [
    'pieces that are no bytes',
    () => heap.analyze(Readable.from([{}])),
    'ERR_LEAKGUARD_INPUT',
    /not as an object/,
  ],
  [
    'a file that is not there',
    () => heap.analyze('no-such'),
    'ERR_LEAKGUARD_INPUT',
    /no-such cannot be read/,
  ],
  [
    'an option that is none',
    () => heap.capture(/** @type {any} */ ({ depth: 1 })),
    'ERR_LEAKGUARD_OPTION',
    /"depth"; accepted are file and force/,
  ],
  [
    'a file without a name',
    () => heap.capture({ file: '' }),
    'ERR_LEAKGUARD_OPTION',
    /file "" is not accepted/,
  ],
  [
    'a folder that is not there',
    () => heap.capture({ file: '/no/such/app.heapsnapshot' }),
    'ERR_LEAKGUARD_OUTPUT',
    /cannot be written/,
  ],
];
for (const [name, call, code, said] of REFUSED) {
  test(`${name} is refused by name`, () => assert.rejects(call, { code, message: said }));
}

test('a question that means nothing is refused, and one about what is not there too', async () => {
  const snapshot = await heap.capture();
  for (const target of [{}, { id: 'x' }, { class: '' }, { id: 1, name: 'x' }, { line: 3 }, null]) {
    assert.throws(() => snapshot.path(/** @type {any} */ (target)), {
      code: 'ERR_LEAKGUARD_OPTION',
      message: /accepted is one of/,
    });
  }
  assert.throws(() => snapshot.summary({ limit: 0 }), { code: 'ERR_LEAKGUARD_OPTION' });
  await assert.rejects(snapshot.path({ class: 'NoSuchClass' }), {
    code: 'ERR_LEAKGUARD_INPUT',
    message: /no object is of class "NoSuchClass"; see/,
  });
});

test('without the memory for it no snapshot is taken, unless it is forced', async (t) => {
  t.mock.method(process, 'availableMemory', () => 1000);
  t.mock.method(require('node:os'), 'freemem', () => 1000);
  await assert.rejects(heap.capture(), {
    code: 'ERR_LEAKGUARD_MEMORY',
    message: /may take \d+ MiB while it is made, and there are 0 MiB; \{ force: true \}/,
  });
  assert.ok((await heap.capture({ force: true })).nodeCount > 10_000);
});

test('a confirmed leak says who holds what grows, as often as the host allows it', async (t) => {
  startQuick(t, { level: 'survivors', captures: 1 });
  const visits = new Map();
  const told = await untilLeak(
    () => visits.set({}, 1),
    ({ what }) => what === 'Map',
  );
  /** @param {string} signature */
  const heldOf = (signature) => {
    const finding = leakguard.report().findings.find((each) => each.signature === signature);
    return finding?.evidence.find(({ signal }) => signal === 'held')?.detail;
  };
  for (let waited = 0; heldOf(told.signature) === undefined && waited < 1000; waited += 1) {
    await nextTick();
  }
  assert.match(heldOf(told.signature) ?? '', /^held by .* > variable visits Map$/);
  const other = await untilLeak(
    () => bus.on('once more', () => {}),
    ({ kind }) => kind === 'listeners',
  );
  await repeat(() => {}, 20);
  assert.equal(heldOf(other.signature), undefined);
});

test('the way to an object of this process, which goes into reports, has no keys of Maps', async () => {
  const way = await retainersOf(usersByMail.get('jane@example.org') ?? {});
  assert.deepEqual(
    way.slice(-2).map(({ by }) => by),
    ['variable usersByMail', 'get("(16 characters)")'],
  );
});
