'use strict';

/** What grows from snapshot to snapshot: leaks of every kind by their owner, and nothing where nothing leaks. */

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const path = require('node:path');
const { describe, test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const {
  ROOT,
  linesOf,
  onReferenceOnly,
  program,
  runCli,
  runNode,
  temporaryFolder,
} = require('./child');
const { heap } = require('..');

const PRELOAD = program('snapshots-on-the-way.js');
const LOOPS = 10;

/** @typedef {import('..').HeapGrowth} HeapGrowth */

/** @param {HeapGrowth} growth */
const owners = ({ owners: found }) =>
  found.map(({ path: steps, members }) => `${steps.at(-1)}: ${members[0].class}`);

/** Of the example that leaks: what owns more and more, and what that is. */
const EXAMPLES = {
  caches: /^variable pages Map: \(string\)$/,
  closures: /^\.name Function name: Object$/,
  globals: /^\.requestLog Array: Object$/,
  listeners: /^\.theme Array: Function onTheme$/,
  timers: /^\[x\] TimersList: Timeout$/,
};

describe('examples', { concurrency: 2, skip: onReferenceOnly }, () => {
  for (const [cause, owner] of Object.entries(EXAMPLES)) {
    for (const variant of ['leaking', 'mended']) {
      test(`${cause}: ${variant === 'leaking' ? 'the owner is named' : 'nothing grows'}`, async (t) => {
        const files = path.join(temporaryFolder(t), variant);
        const example = path.join(ROOT, 'examples', cause, `${variant}.js`);
        const ended = await runNode(['--require', PRELOAD, example], { env: { SNAPSHOTS: files } });
        assert.equal(ended.code, 0, ended.stderr);
        const snapshots = [0, 1, 2].map((index) => `${files}-${index}.heapsnapshot`);
        const { stdout, stderr } = await runCli(['heap', 'growth', ...snapshots, '--json']);
        assert.equal(stderr, '');
        const found = owners(JSON.parse(stdout));
        if (variant === 'mended') return assert.deepEqual(found, []);
        assert.equal(found.length, 1, found.join());
        assert.match(found[0], owner);
      });
    }
  }
});

const bus = new EventEmitter().setMaxListeners(0);
/** @type {Map<object, number>} */
const sessions = new Map();
/** @type {(() => number)[]} */
const jobs = [];
/** @type {NodeJS.Timeout[]} */
const timers = [];
/** @type {WeakMap<object, object>} */
const weakly = new WeakMap();
/** @type {object[][]} */
const kept = [];
let calls = 0;

class Session {}

/** One leak per call, and the same mended. @type {[name: string, leaking: () => unknown, mended: () => unknown, owner: RegExp][]} */
const SEEDED = [
  [
    'an entry of a Map',
    () => sessions.set(new Session(), 1),
    () => weakly.set(new Session(), {}),
    /^variable sessions Map: Session$/,
  ],
  [
    'a listener',
    () => bus.on('seeded', function onSeeded() {}),
    () => bus.once('mended', () => {}).emit('mended'),
    /^\.seeded Array: Function onSeeded$/,
  ],
  [
    'a closure',
    () => {
      calls += 1;
      const call = calls;
      jobs.push(function job() {
        return call;
      });
    },
    () => {
      calls += 1;
      const call = calls;
      const job = () => call;
      job();
    },
    /^variable jobs Array: Function job$/,
  ],
  [
    'a timer, of an async function',
    async () => {
      timers.push(setInterval(() => {}, 2 ** 30).unref());
      await pause(0);
    },
    async () => {
      clearInterval(setInterval(() => {}, 2 ** 30));
      await pause(0);
    },
    /(TimersList|variable timers Array): Timeout$/,
  ],
];

for (const [name, leaking, mended, owner] of SEEDED) {
  test(`${name} per call is told with its owner, and nothing when it is taken back`, async () => {
    const found = owners(await heap.growth(leaking, { loops: LOOPS }));
    assert.equal(found.length, 1, found.join());
    assert.match(found[0], owner);
    assert.deepEqual(owners(await heap.growth(mended, { loops: LOOPS })), []);
  });
}

test('growth counts what was added in each round, and what share of the heap it is', async () => {
  const growth = await heap.growth(() => kept.push(Array.from({ length: 1000 }, () => ({}))), {
    loops: LOOPS,
    rounds: 3,
  });
  assert.equal(growth.snapshots.length, 4);
  const [{ members, share, bytes }] = growth.owners;
  assert.deepEqual(
    members[0].counts,
    [1, 2, 3, 4].map((round) => round * LOOPS),
  );
  assert.ok(share > 0.8 && share <= 1, `${share}`);
  assert.ok(bytes[3] > 4 * LOOPS * 1000 * 8);
  const lines = linesOf(`${growth}`);
  assert.match(lines[0], /^4 snapshots: .* -> /);
  assert.ok(lines.includes('  ~> variable kept Array'), `${growth}`);
  assert.equal(kept.length, 4 * LOOPS);
});

test('what is no source of snapshots, and what no option takes, is refused by name', async () => {
  for (const source of [undefined, [], ['one.heapsnapshot'], 'one.heapsnapshot', {}]) {
    await assert.rejects(heap.growth(/** @type {any} */ (source)), {
      code: 'ERR_LEAKGUARD_INPUT',
      message: /takes a function, or two or more snapshots/,
    });
  }
  for (const [option, value] of Object.entries({
    limit: 0,
    redact: 'yes',
    loops: -1,
    rounds: 1.5,
    atLeast: Number.NaN,
    turns: 3,
  })) {
    await assert.rejects(
      heap.growth(() => {}, /** @type {any} */ ({ [option]: value })),
      {
        code: 'ERR_LEAKGUARD_OPTION',
        message: new RegExp(`heap.growth\\(\\): .*${option}.* accepted`),
      },
    );
  }
});

test('an error of the function is the error of the growth', async () => {
  const error = new Error('the scenario failed');
  await assert.rejects(
    heap.growth(() => Promise.reject(error)),
    error,
  );
});
