'use strict';

/** What `leakguard top` shows of a recording, and what its keys do. */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const events = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const { stripVTControlCharacters } = require('node:util');
const { pressed } = require('../lib/cli/top-live');
const { FIRST_VIEW: VIEW, once, screen, shown } = require('../lib/cli/top-view');
const { BIN, REGISTER, plainEnvironment, runCli, temporaryFolder } = require('./child');

const NOW = Date.UTC(2026, 0, 1);

/** @typedef {import('../lib/cli/top-view').Recording} Recording */
/** @typedef {import('../lib/cli/top-view').Subject} Subject */
/** @typedef {import('../lib/cli/top-view').View} View */

/**
 * @param {Partial<Subject>} given
 * @returns {Subject}
 */
const subject = (given) => ({
  slot: 0,
  kind: 'collections',
  what: 'Map',
  owner: 'sessions',
  site: { file: '/app/server.js', line: 12, function: 'handle' },
  level: 100,
  peak: 100,
  bytes: false,
  ratePerMinute: 0,
  verdict: 'steady',
  sinceTick: 1,
  history: [100, 100],
  ...given,
});

const SUBJECTS = [
  subject({ owner: 'pool', level: 5000, history: [5000, 5000] }),
  subject({ owner: 'cache', verdict: 'growing', ratePerMinute: 9, history: [10, 40], level: 40 }),
  subject({ owner: 'sessions', verdict: 'leak', ratePerMinute: 2, history: [1, 60], level: 60 }),
  subject({ kind: 'heap', what: 'heap', owner: 'heap', level: 3_000_000, bytes: true }),
];

/**
 * @param {Partial<Recording>} [given]
 * @returns {Recording}
 */
const recording = (given) => ({
  pid: 4711,
  threadId: 0,
  node: 'v24.0.0',
  command: 'node server.js',
  startedAt: NOW - 3_600_000,
  intervalMs: 1000,
  tick: 3600,
  at: NOW - 200,
  verdict: 'leak',
  ended: null,
  nearLimit: null,
  meters: {
    heapUsedBytes: 2 ** 27,
    heapAfterGcBytes: 2 ** 26,
    heapLimitBytes: 2 ** 31,
    externalBytes: 1024,
    arrayBuffersBytes: null,
    rssBytes: 2 ** 28,
    resources: {},
    history: [],
  },
  metersHistory: [
    [NOW - 2000, 2 ** 25, 2 ** 25, 2 ** 28],
    [NOW - 200, 2 ** 27, 2 ** 26, 2 ** 28],
  ],
  subjectCount: SUBJECTS.length,
  subjects: SUBJECTS,
  findings: [],
  ...given,
});

const ALIVE = { alive: true, now: NOW };
/** @param {Pick<View, 'sort' | 'verdicts' | 'filter'>} view */
const owners = (view) => shown(recording(), view).map(({ owner }) => owner);
/** @param {string} name */
const key = (name) => ({ name, sequence: name });
/**
 * @param {string[]} keys
 * @param {View} [view]
 */
const after = (keys, view = VIEW) =>
  keys.reduce((now, name) => /** @type {View} */ (pressed(now, key(name))), view);

test('the worst is first, and other orders are a key away', () => {
  assert.deepEqual(owners(VIEW), ['sessions', 'cache', 'pool', 'heap']);
  assert.deepEqual(owners({ ...VIEW, sort: 'rate' }).slice(0, 2), ['cache', 'sessions']);
  assert.deepEqual(owners({ ...VIEW, sort: 'growth' }).slice(1, 3), ['sessions', 'cache']);
  assert.deepEqual(owners({ ...VIEW, sort: 'name' }), ['cache', 'heap', 'pool', 'sessions']);
  assert.equal(after(['s']).sort, 'name');
  assert.equal(after(['s', 's']).sort, 'growth');
});

test('rows are left out by verdict and by what they say', () => {
  assert.deepEqual(owners(after(['f'])), ['sessions', 'cache']);
  assert.deepEqual(owners(after(['f', 'f'])), ['sessions']);
  assert.deepEqual(owners(after(['/', 'c', 'a', 'C', 'h', 'return'])), ['cache']);
  assert.deepEqual(owners(after(['/', 'q', 'backspace', 'p', 'o', 'o'])), ['pool']);
  assert.equal(after(['/', 'x', 'escape']).filter, '');
  assert.equal(owners({ ...VIEW, filter: 'SERVER.js:12' }).length, 4);
});

test('keys leave, pause and open what is selected', () => {
  assert.equal(pressed(VIEW, key('q')), null);
  assert.equal(pressed({ ...VIEW, typing: true }, { name: 'c', ctrl: true }), null);
  assert.equal(after(['space']).paused, true);
  assert.equal(after(['down', 'down', 'up']).selected, 1);
  assert.equal(after(['return']).details, true);
  assert.equal(after(['return', 'escape']).details, false);
});

test('a screen has as many lines as the terminal, and none is wider', () => {
  for (const columns of [20, 60, 80, 133, 250]) {
    for (const rows of [8, 24, 60]) {
      for (const view of [VIEW, { ...VIEW, details: true }, { ...VIEW, typing: true }]) {
        const lines = screen(recording(), view, ALIVE, { columns, rows });
        assert.equal(lines.length, rows);
        for (const line of lines.map(stripVTControlCharacters)) {
          assert.ok([...line].length <= columns, `${columns}: ${line}`);
        }
      }
    }
  }
});

test('characters that take two cells, and none, are counted as such', () => {
  const subjects = [
    subject({
      owner: 'セッションの一覧表'.repeat(9),
      site: { file: '/home/用户/目录/服务器.js'.repeat(3), line: 1, function: 'e\u0301\u0301' },
    }),
  ];
  const lines = screen(recording({ subjects }), VIEW, ALIVE, { columns: 80, rows: 24 });
  const wide = lines.map(stripVTControlCharacters).filter((line) => /[\u3040-\u9fff]/.test(line));
  assert.notEqual(wide.length, 0);
  for (const line of wide) {
    const cells = [...line.replace(/\p{M}/gu, '')].reduce(
      (sum, character) => sum + (/[\u3000-\u9fff]/.test(character) ? 2 : 1),
      0,
    );
    assert.ok(cells <= 80, `${cells}: ${line}`);
  }
});

test('the selected row is on the screen, however far down', () => {
  const subjects = Array.from({ length: 500 }, (_, slot) =>
    subject({ slot, owner: `map ${slot}` }),
  );
  const view = { ...VIEW, sort: /** @type {const} */ ('level'), selected: 321 };
  const lines = screen(recording({ subjects }), view, ALIVE, { columns: 120, rows: 24 });
  assert.ok(lines.map(stripVTControlCharacters).some((line) => /^▸ .* map 321 /.test(line)));
});

test('names cannot steer the terminal', () => {
  const hostile = 'a\x1b[2Jb\nc\u202ed\x07';
  const subjects = [
    subject({ owner: hostile, site: { file: hostile, line: 1, function: hostile } }),
  ];
  const given = recording({ subjects, command: hostile });
  const text = once(given, ALIVE);
  const lines = screen(given, { ...VIEW, details: true }, ALIVE, { columns: 100, rows: 24 });
  for (const line of [...text.trimEnd().split('\n'), ...lines.map(stripVTControlCharacters)]) {
    assert.doesNotMatch(line, /\p{C}/u);
  }
});

test('it says whether the process is alive, late, gone or ended', () => {
  const state = (/** @type {Partial<Recording>} */ given, alive = true) =>
    once(recording(given), { alive, now: NOW }).split('\n')[1];
  assert.match(state({}), /last tick 0\.2s ago/);
  assert.match(state({ at: NOW - 40_000 }), /no tick for 40s: its event loop is blocked/);
  assert.match(state({ at: NOW - 40_000 }, false), /died, last heard of 40s ago/);
  assert.match(state({ ended: { how: 'exit', code: 3, at: NOW } }, false), /ended \(exit 3\)/);
});

test('the table has amounts, rates and places, and says how many rows it leaves out', () => {
  const text = once(recording({ subjectCount: SUBJECTS.length + 2 }), ALIVE);
  assert.match(
    text,
    /leak\s+60\s+\+2\.0\/min\s+▁█\s+collections sessions\s+\/app\/server\.js:12 handle/,
  );
  assert.match(text, /… and 2 more \(--limit\)/);
  assert.match(text, /heap 128 MiB of 2\.0 GiB, after GC 64\.0 MiB ▁█/);
  assert.match(
    once(recording({ subjects: [], subjectCount: 0 }), ALIVE),
    /nothing is large enough/,
  );
});

const LEAKING = `
const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
setInterval(() => { bus.on('x', () => {}); }, 4);`;

/** @param {string[]} args */
const printed = async (...args) => (await runCli(args)).stdout;

/**
 * A process that leaks and is recorded under a name of the host's own, once something was found.
 * @param {import('node:test').TestContext} t
 */
async function startLeaking(t) {
  const file = path.join(temporaryFolder(t), 'server.leakguard');
  const child = spawn(process.execPath, ['--require', REGISTER, '-e', LEAKING], {
    stdio: 'ignore',
    env: {
      ...plainEnvironment(),
      LEAKGUARD_INTERVAL: '20ms',
      LEAKGUARD_PATIENCE: '10',
      LEAKGUARD_SENSITIVITY: 'high',
      LEAKGUARD_RECORDER: file,
    },
  });
  const ended = events.once(child, 'close');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  while (!fs.existsSync(file)) await pause(20);
  while (!(await printed('top', '--once', file)).includes('leak')) await pause(100);
  return { child, file, kill };
}

test('top and postmortem answer for a process that is stopped, and say when it is dead', async (t) => {
  const { child, file, kill } = await startLeaking(t);
  child.kill('SIGSTOP');
  const seen = async () => JSON.parse(await printed('top', '--once', '--json', file));
  const first = await seen();
  assert.deepEqual([first.alive, first.file, first.pid], [true, file, child.pid]);
  assert.equal((await seen()).tick, first.tick);
  const [worst] = first.subjects.filter((/** @type {Subject} */ it) => it.verdict === 'leak');
  assert.equal(worst.kind, 'listeners');
  assert.match(await printed('top', '--once', file), /leak .* listeners +EventEmitter/);
  assert.match(await printed('postmortem', file), /is still running;.*EventEmitter/s);
  await kill();
  assert.equal((await seen()).alive, false);
  assert.match(await printed('top', '--once', file), /died, last heard of/);
  assert.match(await printed('postmortem', file), /^process \d+ died after .*EventEmitter/s);
});

const noTerminal = process.platform === 'linux' ? false : 'script(1) of Linux makes the terminal';

test('on a terminal top follows the process, takes keys, and leaves the screen as it was', {
  skip: noTerminal,
  timeout: 60_000,
}, async (t) => {
  const { file } = await startLeaking(t);
  const command = `'${process.execPath}' '${BIN}' top '${file}'`;
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: plainEnvironment(),
  });
  t.after(() => terminal.kill());
  let output = '';
  terminal.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  /** Until it is shown, after what was there before. @param {RegExp} what */
  const shows = async (what) => {
    const from = output.length;
    while (!what.test(stripVTControlCharacters(output.slice(from)))) await pause(20);
  };
  await shows(/leak .* EventEmitter 'x' /);
  await shows(/last tick \d/);
  terminal.stdin.write('\r');
  await shows(/^since +\d/m);
  terminal.stdin.write('q');
  const [code] = await events.once(terminal, 'close');
  assert.equal(code, 0);
  assert.ok(output.startsWith('\x1b[?1049h\x1b[?25l'));
  assert.ok(output.trimEnd().endsWith('\x1b[?25h\x1b[?1049l'));
});
