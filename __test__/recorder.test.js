'use strict';

/**
 * What a process leaves when it is killed, and that recording never harms one: real processes, real files, real disks
 * that are full. `npm run test:crash` lets a thousand die.
 */

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { loadNative } = require('../lib/native');
const { runCrashes } = require('../scripts/crash/crashes');
const { BIN, REGISTER, ROOT, runCli, runNode, temporaryFolder } = require('./child');

const { readLast, readRecording, renderReport } = loadNative();

/** Of a process that ends after a few ticks. */
const SHORT = ['--require', REGISTER, '-e', 'setTimeout(() => {}, 200)'];
const QUICK = { LEAKGUARD_INTERVAL: '20ms', LEAKGUARD_PATIENCE: '10' };

/** @param {string} file */
const read = (file) => JSON.parse(readRecording(file));

/**
 * A short process that is to be recorded in a file.
 * @param {string} file
 * @param {NodeJS.ProcessEnv} [env]
 */
const recordShort = (file, env) =>
  runNode(SHORT, { env: { ...QUICK, LEAKGUARD_RECORDER: file, ...env } });

/** @param {string} folder */
const recordingsIn = (folder) =>
  fs.readdirSync(folder).filter((name) => name.endsWith('.leakguard'));

/**
 * A recording of a process that is dead.
 * @param {{ after: (action: () => void) => void }} t
 */
async function deadRecording(t) {
  const file = path.join(temporaryFolder(t), 'dead.leakguard');
  await recordShort(file);
  return file;
}

/**
 * What `lib/recorder.js` lists where a folder stands for the user's.
 * @param {string} runtime
 * @returns {Promise<any[]>}
 */
async function listed(runtime) {
  const script = `process.stdout.write(JSON.stringify(require('${ROOT}/lib/recorder').recordings()))`;
  const { stdout } = await runNode(['-e', script], { env: { XDG_RUNTIME_DIR: runtime } });
  return JSON.parse(stdout).filter((/** @type {any} */ { file }) => file.startsWith(runtime));
}

test('forty processes that are killed, abort or fill their heap leave forty recordings that can be read', async (t) => {
  const seed = Date.now() % 2 ** 31;
  t.diagnostic(`seed ${seed}`);
  const outcomes = await runCrashes({ times: 40, seed, jobs: 2, folder: temporaryFolder(t) });
  const ticked = outcomes.filter(({ ticked }) => ticked);
  assert.equal(outcomes.length, 40);
  assert.ok(ticked.length >= 20, 'most have come to a tick');
  for (const { way, fault, lost, staleTicks } of ticked) {
    assert.deepEqual({ way, fault, lost }, { way, fault: null, lost: [] });
    assert.ok(staleTicks <= (way === 'heap' ? 2 : 1), `${way}: ${staleTicks} ticks`);
  }
  assert.ok(
    ticked.some(({ told }) => told > 0),
    'some have told of a leak',
  );
  assert.ok(
    ticked.some(({ nearLimit }) => nearLimit),
    'some have noted that the heap is near its limit',
  );
});

test('a process that exits by itself says so, with its code', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const script = 'setTimeout(() => process.exit(3), 200)';
  const { code, stderr } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_RECORDER: file },
  });
  assert.deepEqual([code, stderr], [3, '']);
  const { ended, tick, command, node, torn } = read(file);
  assert.deepEqual([ended.how, ended.code, torn, node], ['exit', 3, 0, process.version]);
  assert.ok(tick > 0 && command.includes('process.exit(3)'));
});

test('a process that ends before its first tick leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const env = { LEAKGUARD_RECORDER: path.join(folder, 'a.leakguard') };
  const { code } = await runNode(['--require', REGISTER, '-e', '0'], { env });
  assert.deepEqual([code, fs.readdirSync(folder)], [0, []]);
});

test('stop() ends the recording, and the next start() begins one anew', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const script = `
    const leakguard = require(${JSON.stringify(ROOT)});
    const { readRecording } = require(${JSON.stringify(path.join(ROOT, 'native/binding.js'))});
    const read = () => JSON.parse(readRecording(${JSON.stringify(file)}));
    const pause = () => new Promise((resolve) => setTimeout(resolve, 150));
    (async () => {
      leakguard.start({ interval: '10ms', recorder: ${JSON.stringify(file)} });
      await pause();
      leakguard.stop();
      const first = read();
      leakguard.start();
      leakguard.start({ interval: '20ms', recorder: ${JSON.stringify(file)} });
      await pause();
      const second = read();
      console.log(JSON.stringify([first.ended.how, second.ended, second.intervalMs]));
    })();`;
  const { stdout, stderr } = await runNode(['-e', script]);
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), ['stopped', null, 20]);
});

test('workers have recordings of their own', async (t) => {
  const folder = temporaryFolder(t);
  const script = `
    const { Worker } = require('node:worker_threads');
    new Worker('setTimeout(() => {}, 400)', { eval: true });`;
  const { stderr } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_RECORDER: path.join(folder, '%p-%t.leakguard') },
  });
  assert.equal(stderr, '');
  const threads = recordingsIn(folder).map((name) => read(path.join(folder, name)).threadId);
  assert.deepEqual(threads.sort(), [0, 1]);
});

test('leakguard run records what it starts in a folder of the user, unless told otherwise', async (t) => {
  const runtime = temporaryFolder(t);
  const command = [process.execPath, '-e', 'setTimeout(() => {}, 300)'];
  const run = (/** @type {string[]} */ ...options) =>
    runCli(['run', '--interval', '20ms', ...options, '--', ...command], {
      env: { XDG_RUNTIME_DIR: runtime },
    });
  assert.equal((await run('--recorder', '0')).code, 0);
  assert.deepEqual(fs.readdirSync(runtime), []);
  assert.equal((await run()).code, 0);
  const [only] = await listed(runtime);
  const folder = path.join(runtime, 'leakguard');
  assert.equal(path.dirname(only.file), folder);
  assert.match(path.basename(only.file), /^\d+-\d+-0\.leakguard$/);
  assert.deepEqual([only.alive, only.readable], [false, true]);
  if (process.getuid === undefined) return;
  assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
  assert.equal(fs.statSync(only.file).mode & 0o777, 0o600);
});

test('what is said of a finding is renewed though nothing new is told', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const script = `
    const { readRecording } = require(${JSON.stringify(path.join(ROOT, 'native/binding.js'))});
    const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
    setInterval(() => { bus.on('x', () => {}); }, 4);
    let before;
    setInterval(() => {
      const [logged] = JSON.parse(readRecording(${JSON.stringify(file)})).findings;
      const isRenewed = before?.count === logged?.count && before?.finding.message !== logged?.finding.message;
      if (before && isRenewed) process.exit(7);
      before = logged;
    }, 100);
    setTimeout(() => process.exit(1), 30_000);`;
  const { code } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_SENSITIVITY: 'high', LEAKGUARD_RECORDER: file },
  });
  assert.equal(code, 7);
});

test('leakguard run reports what a killed process had recorded', async (t) => {
  const script = `
    const { subscribe } = require('node:diagnostics_channel');
    const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
    setInterval(() => { bus.on('x', () => {}); }, 4);
    subscribe('leakguard:finding', ({ severity }) => {
      if (severity === 'leak') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
    });`;
  const options = ['--interval', '20ms', '--patience', '10', '--sensitivity', 'high'];
  const { code, stderr } = await runCli(['run', ...options, '--', process.execPath, '-e', script], {
    env: { XDG_RUNTIME_DIR: temporaryFolder(t) },
  });
  assert.equal(code, 128 + 9);
  assert.match(stderr, /EventEmitter/);
  assert.match(stderr, /from the recorder, as of tick \d+/);
  assert.match(stderr, /1 process or thread watched, verdict leak in 1\n$/);
});

test('leakguard run leaves out the recording of who was told to stop, and of a thread that was terminated', async (t) => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const worker = new Worker('setInterval(() => {}, 100)', { eval: true });
    setTimeout(() => worker.terminate(), 400);
    setTimeout(() => {}, 500);`;
  const run = (/** @type {string} */ script) =>
    runCli(['run', '--interval', '20ms', '--', process.execPath, '-e', script], {
      env: { XDG_RUNTIME_DIR: temporaryFolder(t) },
    });
  const terminated = await run(script);
  assert.match(terminated.stderr, /^leakguard: 1 process or thread watched, .*\n$/);
  const stopped = await run(
    `setTimeout(() => { require('${ROOT}').stop(); process.kill(process.pid, 'SIGKILL'); }, 200)`,
  );
  assert.match(stopped.stderr, /no Node.js process left a report or a recording/);
});

test('sixteen recordings of the dead are kept, and every one of the living', async (t) => {
  const runtime = temporaryFolder(t);
  const folder = path.join(runtime, 'leakguard');
  fs.mkdirSync(folder, { mode: 0o700 });
  const dead = await deadRecording(t);
  for (let age = 1; age <= 20; age += 1) {
    const file = path.join(folder, `${900_000 + age}-1-0.leakguard`);
    fs.copyFileSync(dead, file);
    fs.utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - age);
  }
  fs.writeFileSync(path.join(folder, 'notes.txt'), 'not ours');
  // This test's own process, older than all: its file is not readable, and its pid lives.
  const living = path.join(folder, `${process.pid}-1-0.leakguard`);
  fs.writeFileSync(living, '');
  fs.utimesSync(living, 1, 1);
  const { stderr } = await runNode(SHORT, {
    env: { ...QUICK, LEAKGUARD_RECORDER: '1', XDG_RUNTIME_DIR: runtime },
  });
  assert.equal(stderr, '');
  const names = recordingsIn(folder);
  const kept = names
    .filter((name) => name.startsWith('9000'))
    .map((name) => Number(name.slice(0, 6)));
  assert.deepEqual(
    kept.sort(),
    Array.from({ length: 16 }, (_, index) => 900_001 + index),
  );
  assert.equal(names.length, 16 + 2);
  assert.ok(fs.existsSync(living) && fs.existsSync(path.join(folder, 'notes.txt')));
});

test('a recording whose pid was given to another process is one of the dead', {
  skip: process.platform === 'linux' ? false : 'the start of a process is known on Linux',
}, async (t) => {
  const runtime = temporaryFolder(t);
  const script = `
    const { recordings } = require('${ROOT}/lib/recorder');
    setTimeout(() => {
      const mine = () => recordings().find(({ file }) => file.startsWith('${runtime}'));
      const before = mine();
      const fs = require('node:fs');
      const bytes = fs.readFileSync(before.file);
      // Its start, in ticks of the system: another process of the same number.
      const { start } = ${locateStart.toString()}(bytes);
      bytes.writeBigUInt64LE(start.value + 1n, start.offset);
      bytes.writeBigUInt64LE(${checkOf.toString()}(bytes.subarray(0, 4088)), 4088);
      fs.writeFileSync(before.file, bytes);
      console.log(JSON.stringify([before.alive, mine().alive, mine().readable, mine().pid === process.pid]));
    }, 150);`;
  const { stdout, stderr } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_RECORDER: '1', XDG_RUNTIME_DIR: runtime },
  });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), [true, false, true, true]);
});

/**
 * Where a header has the start of its process, as docs/recorder.md says.
 * @param {Buffer} bytes
 */
function locateStart(bytes) {
  return { start: { offset: 160, value: bytes.readBigUInt64LE(160) } };
}

/**
 * The check of a record, as docs/recorder.md says.
 * @param {Buffer} bytes
 * @returns {bigint}
 */
function checkOf(bytes) {
  const step = (/** @type {bigint} */ sum, /** @type {bigint} */ word) => {
    const product = BigInt.asUintN(64, (sum ^ word) * 0x9e3779b97f4a7c15n);
    return product ^ (product >> 32n);
  };
  const sums = [1n, 2n, 3n, 4n];
  for (let at = 0; at < bytes.length; at += 8) {
    const lane = (at / 8) % 4;
    sums[lane] = step(sums[lane], bytes.readBigUInt64LE(at));
  }
  return sums.reduce(step, BigInt(bytes.length));
}

test('a header can be read by what the documentation says', async (t) => {
  const bytes = fs.readFileSync(await deadRecording(t));
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89LKGREC\n');
  assert.equal(bytes.readUInt32LE(8), 1);
  assert.equal(bytes.readBigUInt64LE(64), BigInt(bytes.length));
  assert.equal(bytes.readBigUInt64LE(4088), checkOf(bytes.subarray(0, 4088)));
});

/** @type {[name: string, prepare: (file: string, dead: string) => void, said: RegExp][]} */
const TAKEN = [
  ['a foreign file', (file) => fs.writeFileSync(file, 'my notes'), /no recording.*left alone/],
  ['an empty file', (file) => fs.writeFileSync(file, ''), /no recording.*left alone/],
  [
    'a file of zeros',
    (file) => fs.writeFileSync(file, Buffer.alloc(9000)),
    /no recording.*left alone/,
  ],
  [
    'a truncated one',
    (file, dead) => fs.writeFileSync(file, fs.readFileSync(dead).subarray(0, 3000)),
    /left alone/,
  ],
  ['one of a newer version', (file, dead) => fs.writeFileSync(file, newer(dead)), /left alone/],
  ['a link to a file', (file, dead) => fs.symlinkSync(dead, file), /symbolic link/],
  ['a link to nothing', (file) => fs.symlinkSync('/no/such/file', file), /symbolic link/],
  ['a folder', (file) => fs.mkdirSync(file), /no plain file/],
  [
    'one that everybody can write',
    (file, dead) => {
      fs.copyFileSync(dead, file);
      fs.chmodSync(file, 0o666);
    },
    /by everybody/,
  ],
];

/** @param {string} file */
function newer(file) {
  const bytes = fs.readFileSync(file);
  bytes.writeUInt32LE(2, 8);
  return bytes;
}

for (const [name, prepare, said] of TAKEN) {
  test(`where ${name} has the name nothing is recorded, which is said in one line`, async (t) => {
    const dead = await deadRecording(t);
    const file = path.join(temporaryFolder(t), 'a.leakguard');
    prepare(file, dead);
    const before = fs.lstatSync(file);
    const { code, stderr } = await recordShort(file);
    assert.equal(code, 0);
    const lines = stderr.split('\n').filter((line) => line.includes('leakguard:'));
    assert.equal(lines.length, 1, stderr);
    assert.match(lines[0], said);
    const after = fs.lstatSync(file);
    assert.deepEqual(
      [after.ino, after.size, after.mtimeMs],
      [before.ino, before.size, before.mtimeMs],
    );
  });
}

test('a recording of a dead process is replaced, one of a living process is not', async (t) => {
  const file = await deadRecording(t);
  const first = read(file).pid;
  assert.equal((await recordShort(file)).stderr, '');
  assert.notEqual(read(file).pid, first);
  const script = `
    const { spawnSync } = require('node:child_process');
    setTimeout(() => {
      const { stderr } = spawnSync(process.execPath, ${JSON.stringify(SHORT)}, { encoding: 'utf8' });
      process.stdout.write(stderr);
    }, 150);`;
  const { stdout } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_RECORDER: file },
  });
  assert.match(stdout, /another process or thread that runs: %p and %t/);
});

for (const [name, file, said] of /** @type {const} */ ([
  ['is not there', '/no/such/folder/a.leakguard', /cannot be written/],
  ['is a pseudo file system', '/proc/a.leakguard', /cannot be written/],
])) {
  test(`a folder that ${name} is said in one line, and the process goes on`, async () => {
    const { code, stderr } = await recordShort(file);
    assert.equal(code, 0);
    assert.match(stderr, said);
    assert.equal(stderr.split('Warning: leakguard: ').length, 2, stderr);
  });
}

test('a folder that cannot be written is said in one line', {
  skip: process.getuid?.() === 0 ? 'root can write everywhere' : false,
}, async (t) => {
  const folder = temporaryFolder(t);
  fs.chmodSync(folder, 0o500);
  const { code, stderr } = await recordShort(path.join(folder, 'a.leakguard'));
  assert.equal(code, 0);
  assert.match(stderr, /cannot be written/);
});

test('a limit of file sizes that is too low ends nothing', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', 'ulimit -f 100 && exec "$@"', 'sh', process.execPath, ...SHORT],
    { encoding: 'utf8', env: { ...process.env, ...QUICK, LEAKGUARD_RECORDER: file } },
  );
  assert.equal(status, 0);
  assert.match(stderr, /nothing is recorded: .*cannot be written/);
});

for (const [name, prepare, said] of /** @type {[string, (folder: string) => void, RegExp][]} */ ([
  ['is a link', (folder) => fs.symlinkSync('/tmp', folder), /is a symbolic link/],
  [
    'others can write to',
    (folder) => {
      fs.mkdirSync(folder);
      fs.chmodSync(folder, 0o777);
    },
    /can be written by others/,
  ],
  ['is a file', (folder) => fs.writeFileSync(folder, ''), /is no folder/],
])) {
  test(`a folder of recordings that ${name} is not used, which is said`, async (t) => {
    const runtime = temporaryFolder(t);
    const folder = path.join(runtime, 'leakguard');
    prepare(folder);
    const { code, stderr } = await runNode(SHORT, {
      env: { ...QUICK, LEAKGUARD_RECORDER: '1', XDG_RUNTIME_DIR: runtime },
    });
    assert.equal(code, 0);
    assert.match(stderr, said);
    assert.equal(stderr.split('Warning: leakguard: ').length, 2, stderr);
    assert.deepEqual(await listed(runtime), []);
  });
}

/** @param {string} folder */
function mountSmall(folder) {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  return mounted.status === 0;
}

test('a full disk is seen when the recording is opened, and nothing is left of it', async (t) => {
  const folder = temporaryFolder(t);
  if (process.getuid?.() !== 0 || !mountSmall(folder)) {
    t.skip('a small file system cannot be mounted here');
    return;
  }
  try {
    const { code, stderr } = await recordShort(path.join(folder, 'a.leakguard'));
    assert.equal(code, 0);
    assert.match(stderr, /nothing is recorded: .*No space left/);
    assert.deepEqual(fs.readdirSync(folder), []);
  } finally {
    spawnSync('umount', [folder]);
  }
});

test('who truncates or removes a recording harms no process', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const script = `
    const fs = require('node:fs');
    setTimeout(() => fs.truncateSync(${JSON.stringify(file)}, 0), 150);
    setTimeout(() => fs.rmSync(${JSON.stringify(file)}), 300);
    setTimeout(() => console.log('alive'), 450);`;
  const { code, stdout, stderr } = await runNode(['--require', REGISTER, '-e', script], {
    env: { ...QUICK, LEAKGUARD_RECORDER: file },
  });
  assert.deepEqual([code, stdout, stderr], [0, 'alive\n', '']);
});

/** @type {[name: string, damage: (bytes: Buffer) => Buffer, said: RegExp][]} */
const UNREADABLE = [
  ['a foreign file', () => Buffer.from('{}'), /no recording/],
  ['an empty file', () => Buffer.alloc(0), /is empty/],
  ['a file of zeros', (bytes) => bytes.fill(0), /is empty/],
  ['a truncated file', (bytes) => bytes.subarray(0, 5000), /damaged/],
  ['a damaged header', (bytes) => bytes.fill(7, 100, 110), /damaged/],
];

for (const [name, damage, said] of UNREADABLE) {
  test(`${name} is refused with its name`, async (t) => {
    const file = await deadRecording(t);
    fs.writeFileSync(file, damage(fs.readFileSync(file)));
    for (const ask of [readRecording, readLast]) {
      assert.throws(
        () => ask(file),
        (/** @type {Error} */ { message }) => message.startsWith(file) && said.test(message),
      );
    }
  });
}

test('a newer version is named', async (t) => {
  const file = await deadRecording(t);
  fs.writeFileSync(file, newer(file));
  assert.throws(() => readRecording(file), /format 2, written by leakguard \d/);
});

test('a recording becomes a report in every form', async (t) => {
  const file = await deadRecording(t);
  const { report, recording } = JSON.parse(readLast(file));
  assert.equal(recording.pid, report.pid);
  assert.deepEqual(recording.subjects, []);
  assert.equal(report.schema, 1);
  assert.match(report.notes[0], /from the recorder/);
  for (const format of ['text', 'json', 'md', 'junit', 'sarif', 'github']) {
    assert.ok(renderReport(JSON.stringify(report), format).length >= 0);
  }
});

test('what the host ignores is not in its recording', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const script = `
    const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
    let left = 300;
    const timer = setInterval(() => { bus.on('x', () => {}); if (--left === 0) clearInterval(timer); }, 4);`;
  const env = {
    LEAKGUARD_INTERVAL: '10ms',
    LEAKGUARD_PATIENCE: '10',
    LEAKGUARD_SENSITIVITY: 'high',
    LEAKGUARD_WARN: '0',
    LEAKGUARD_RECORDER: file,
  };
  const run = (/** @type {NodeJS.ProcessEnv} */ more) =>
    runNode(['--require', REGISTER, '-e', script], { env: { ...env, ...more } });
  await run({});
  assert.equal(read(file).findings.length, 1);
  await run({ LEAKGUARD_IGNORE: 'kind:listeners' });
  assert.deepEqual(read(file).findings, []);
});

const LIMIT_BYTES = 24 * 2 ** 20;

test('near its limit the heap is noted, and written once where that is asked for', async (t) => {
  const file = path.join(temporaryFolder(t), 'a.leakguard');
  const snapshot = `${file}.heapsnapshot`;
  const script = `
    const fs = require('node:fs');
    const { oldGenerationBytes } = require(${JSON.stringify(require.resolve('../lib/meters'))});
    const kept = [];
    const isWaiting = () => oldGenerationBytes() > 0.82 * ${LIMIT_BYTES} && !fs.existsSync(${JSON.stringify(snapshot)});
    setInterval(() => {
      if (isWaiting()) return;
      for (let i = 0; i < 800; i += 1) kept.push({ i, list: [i] });
    }, 5);`;
  await runNode(
    [`--max-old-space-size=${LIMIT_BYTES / 2 ** 20}`, '--require', REGISTER, '-e', script],
    {
      env: { ...QUICK, LEAKGUARD_RECORDER: file, LEAKGUARD_RECORDER_SNAPSHOT: '1' },
    },
  );
  const { nearLimit, ended } = read(file);
  assert.equal(ended, null);
  assert.equal(nearLimit.heapLimitBytes, LIMIT_BYTES);
  assert.ok(nearLimit.heapUsedBytes >= 0.8 * nearLimit.heapLimitBytes);
  assert.equal(nearLimit.snapshot, snapshot);
  const { stdout } = await runNode([BIN, 'heap', 'summary', '--json', snapshot]);
  assert.ok(stdout.length > 0);
});
