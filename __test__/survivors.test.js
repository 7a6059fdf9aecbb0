'use strict';

/**
 * Heap objects, which no hook sees: which function allocates what stays. In this process, with the real
 * sampler; rounds follow ticks as fast as they come.
 */

const fs = require('node:fs');
const inspector = require('node:inspector');
const path = require('node:path');
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { ROOT, program, runNode, temporaryFolder } = require('./child');
const { expectHealthy, leakguard, nextTick, repeat, startQuick, untilLeak } = require('./ticks');

const SAMPLING = /** @type {const} */ ({
  level: 'survivors',
  survivors: { interval: 20, bytes: 1024 },
});

const polling = path.join(ROOT, 'corpus/programs/leaks/recursive-poll.js');

/** @param {import('..').Finding} finding */
const isOfObjects = ({ kind }) => kind === 'objects' || kind === 'promises';

/** @type {unknown[]} */
const kept = [];

function remember() {
  for (let count = 0; count < 200; count += 1) {
    const context = { count, body: [count, count + 1, count + 2] };
    kept.push(() => context);
  }
}

/** @param {import('..').Finding} finding */
const functionsOf = ({ sites }) => sites.map((site) => site.function);

test('closures that a module keeps are a leak, named by the function that makes them', async (t) => {
  t.after(() => kept.splice(0));
  startQuick(t, SAMPLING);
  const finding = await untilLeak(remember, isOfObjects);
  assert.equal(finding.site?.file, __filename);
  assert.ok(functionsOf(finding).includes('remember'), String(functionsOf(finding)));
  assert.equal(finding.count, finding.bytes);
  const signals = finding.evidence.map(({ signal }) => signal);
  assert.ok(signals.includes('cohorts'), String(signals));
  const { explained } = leakguard.report();
  assert.ok(explained === null || (explained >= 0 && explained <= 1), String(explained));
});

test('objects that are dropped again are none', async (t) => {
  startQuick(t, SAMPLING);
  /** @type {unknown[]} */
  let recent = [];
  await expectHealthy(() => {
    recent = Array.from({ length: 500 }, (_, index) => ({ index, text: [index] }));
  }, isOfObjects);
  assert.equal(recent.length, 500);
});

test('a ring of the last thousand objects is none', async (t) => {
  startQuick(t, SAMPLING);
  /** @type {unknown[]} */
  const ring = [];
  await expectHealthy((round) => {
    for (let count = 0; count < 100; count += 1) {
      ring[(round * 100 + count) % 1000] = { round, count };
    }
  }, isOfObjects);
});

test('a steady leak shows among visitors whose number scatters and who stay for two rounds', async (t) => {
  startQuick(t, SAMPLING);
  t.after(() => kept.splice(0));
  /** @type {unknown[][]} */
  const visits = [[], []];
  const admit = (/** @type {number} */ round) => {
    visits[round % 2] = [];
    const visitors = 100 + ((round * 617) % 7) * 1000;
    for (let count = 0; count < visitors; count += 1) {
      const visitor = { round, count, seen: [round, count] };
      (count < 40 ? kept : visits[round % 2]).push(visitor);
    }
  };
  const { site } = await untilLeak(admit, isOfObjects);
  assert.equal(site?.function, 'admit');
});

test('what replaces objects from before the samples drew apart is none', async (t) => {
  startQuick(t, SAMPLING);
  /** @type {unknown[]} */
  const table = [];
  const fill = (/** @type {number} */ first, /** @type {number} */ count) => {
    for (let index = first; index < first + count; index += 1) {
      table[index % 20_000] = { index, text: [index, index + 1, index + 2] };
    }
  };
  await repeat(() => {}, 4);
  fill(0, 20_000);
  await repeat(() => {}, 12);
  // More samples in one round than anybody would pay for.
  for (let count = 0; count < 100_000; count += 1) new Array(128).fill(count);
  await repeat(() => {}, 6);
  await expectHealthy((round) => fill(round * 200, 200), isOfObjects);
});

test('a leak is one still when the samples draw apart, and what they forget is not over', async (t) => {
  t.after(() => kept.splice(0));
  startQuick(t, SAMPLING);
  const { signature } = await untilLeak(remember, isOfObjects);
  const folder = temporaryFolder(t);
  const samples = () => {
    const file = path.join(folder, 'all.heapprofile');
    leakguard.heap.profile(file);
    return JSON.parse(fs.readFileSync(file, 'utf8')).samples.length;
  };
  const before = samples();
  for (let count = 0; count < 300_000; count += 1) new Array(128).fill(count);
  await repeat(() => {}, 4);
  const after = samples();
  assert.ok(after < before / 2, `${after} of ${before} samples`);
  await repeat(() => {
    remember();
    const { leaks } = leakguard.report();
    assert.ok(
      leaks.some((leak) => leak.signature === signature),
      String(leakguard.report()),
    );
  }, 40);
});

test('a leak is found, and one that is told of stands, after check() has had the profiler', async (t) => {
  t.after(() => kept.splice(0));
  startQuick(t, SAMPLING);
  const { signature } = await untilLeak(remember, isOfObjects);
  await leakguard.check(() => undefined);
  const signatures = () => leakguard.report().findings.map((finding) => finding.signature);
  assert.ok(signatures().includes(signature));
  leakguard.reset();
  const finding = await untilLeak(remember, isOfObjects);
  assert.ok(functionsOf(finding).includes('remember'), String(functionsOf(finding)));
});

test('promises that never settle are told as promises', async (t) => {
  /** @type {Promise<void>[]} */
  const pending = [];
  startQuick(t, SAMPLING);
  const finding = await untilLeak(() => {
    for (let count = 0; count < 300; count += 1) pending.push(new Promise(() => {}));
  }, isOfObjects);
  assert.equal(finding.site?.file, __filename);
  const whats = [finding, ...finding.victims].map(({ what }) => what);
  assert.ok(whats.includes('promise') || whats.includes('object'), String(whats));
});

test('a profile is what DevTools opens, and that of the suspects is a part of it', async (t) => {
  t.after(() => kept.splice(0));
  startQuick(t, SAMPLING);
  await untilLeak(remember, isOfObjects);
  const folder = temporaryFolder(t);
  const [all, suspects] = ['all.heapprofile', 'suspects.heapprofile'].map((name) =>
    path.join(folder, name),
  );
  leakguard.heap.profile(all);
  leakguard.heap.profile(suspects, { suspects: true });
  const read = (/** @type {string} */ file) => JSON.parse(fs.readFileSync(file, 'utf8'));
  /** @returns {number} @param {any} node */
  const bytesOf = (node) =>
    node.children.reduce((sum, child) => sum + bytesOf(child), node.selfSize);
  const [whole, part] = [read(all), read(suspects)];
  assert.equal(whole.head.callFrame.functionName, '(root)');
  assert.equal(part.head.callFrame.functionName, '(root)');
  assert.ok(bytesOf(part.head) > 0);
  assert.ok(bytesOf(part.head) < bytesOf(whole.head));
  assert.ok(part.samples.length < whole.samples.length);
});

test('a profile needs a level that samples, a name that DevTools knows, and a place to be', (t) => {
  leakguard.start({ level: 'sites' });
  t.after(() => leakguard.stop());
  const { profile } = leakguard.heap;
  assert.throws(() => profile('a.heapprofile'), {
    code: 'ERR_LEAKGUARD_LEVEL',
    message: /survivors/,
  });
  assert.throws(() => profile('a.json'), { code: 'ERR_LEAKGUARD_OPTION', message: /"a.json"/ });
  assert.throws(() => profile('a.heapprofile', /** @type {any} */ ({ suspect: true })), {
    code: 'ERR_LEAKGUARD_OPTION',
    message: /"suspect".*suspects/,
  });
  leakguard.start({ level: 'survivors' });
  assert.throws(() => profile('/does/not/exist.heapprofile'), {
    code: 'ERR_LEAKGUARD_OUTPUT',
    message: /does\/not\/exist/,
  });
});

const REGISTER = ['--require', path.join(ROOT, 'register.js')];
const COMPRESSED = {
  LEAKGUARD_LEVEL: 'survivors',
  LEAKGUARD_INTERVAL: '10ms',
  LEAKGUARD_SURVIVORS: '20ms',
};

/** @param {import('node:inspector').Session} session @param {string} method @param {object} [params] */
function post(session, method, params) {
  /** @type {any} */
  let answer;
  session.post(method, params, (error, result) => {
    answer = error ?? result;
  });
  return answer;
}

test('a profiler of the host wins over ours, which comes back when that has ended', async (t) => {
  startQuick(t, SAMPLING);
  const session = new inspector.Session();
  session.connect();
  t.after(() => session.disconnect());
  await repeat(() => {}, 4);
  post(session, 'HeapProfiler.startSampling', { samplingInterval: 64 });
  /** @type {unknown[]} */
  const mine = [];
  for (let count = 0; count < 1000; count += 1) mine.push({ count });
  await repeat(() => {}, 4);
  const { profile } = post(session, 'HeapProfiler.stopSampling');
  // 1,000 objects of 32 bytes or so, one in 64 bytes: with our distance there would be some thirty.
  assert.ok(profile.samples.length > 200, String(profile.samples.length));
  assert.match(leakguard.report().notes.join('\n'), /the host has started a heap profiler/);
  const finding = await untilLeak(remember, isOfObjects);
  assert.equal(finding.site?.file, __filename);
  kept.splice(0);
});

/**
 * Starts a profiler by the promise form, and prints the notes.
 * @param {boolean} early  whether the host loads it before our first tick
 */
const profilesByPromise = (early) => `
  const leakguard = require(${JSON.stringify(ROOT)});
  ${early ? "require('node:inspector/promises');" : ''}
  const timer = setInterval(async () => {
    if (leakguard.report().ticks < 3) return;
    clearInterval(timer);
    const { Session } = require('node:inspector/promises');
    const session = new Session();
    session.connect();
    await session.post('HeapProfiler.startSampling', { samplingInterval: 64 });
    console.log(JSON.stringify(leakguard.report().notes));
  }, 5);`;

for (const [when, early] of /** @type {const} */ ([
  ['before our first tick', true],
  ['later', false],
])) {
  test(`a profiler of the host wins that is started by promises, loaded ${when}`, async () => {
    const { stdout, stderr } = await runNode(['-e', profilesByPromise(early)], { env: COMPRESSED });
    assert.match(stdout, /the host has started a heap profiler/, stderr);
  });
}

test('after stop no profiler runs', async (t) => {
  startQuick(t, SAMPLING);
  await nextTick();
  leakguard.stop();
  const session = new inspector.Session();
  session.connect();
  t.after(() => session.disconnect());
  assert.equal(post(session, 'HeapProfiler.getSamplingProfile').code, 'ERR_INSPECTOR_COMMAND');
});

test('--heap-prof goes on beside us, and its samples are used', async (t) => {
  const folder = temporaryFolder(t);
  const args = ['--heap-prof', '--heap-prof-dir', folder, ...REGISTER];
  const { code, stderr } = await runNode([...args, program('prints-report.js'), '2'], {
    env: COMPRESSED,
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /LEAKGUARD_LIMITED.*a heap profiler runs already/);
  assert.equal(fs.readdirSync(folder).length, 1);
});

test('--inspect goes on beside us', async () => {
  const args = ['--inspect=0', ...REGISTER, program('prints-report.js'), '2'];
  const { code, stderr } = await runNode(args, { env: COMPRESSED });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Debugger listening/);
  assert.doesNotMatch(stderr, /LeakguardWarning/);
});

test('--heapsnapshot-near-heap-limit goes on beside us', async () => {
  const args = ['--heapsnapshot-near-heap-limit=1', ...REGISTER, program('prints-report.js'), '2'];
  const { code, stderr } = await runNode(args, { env: COMPRESSED });
  assert.deepEqual([code, stderr], [0, '']);
});

/** Finds a leak of entries, without an inspector, and prints what it found and what its report notes. */
const WITHOUT_INSPECTOR = `
  require('node:inspector').Session = class {
    connect() { throw new Error('there is no inspector here'); }
    post() {}
  };
  const leakguard = require(${JSON.stringify(ROOT)});
  const list = new Map();
  const timer = setInterval(() => {
    for (let count = 0; count < 20; count += 1) list.set(list.size, count);
    const { leaks, notes, ticks } = leakguard.report();
    if (leaks.length === 0 && ticks < 2000) return;
    clearInterval(timer);
    console.log(JSON.stringify([leaks.map(({ kind }) => kind), notes]));
  }, 5);`;

for (const [where, source] of [
  ['', WITHOUT_INSPECTOR],
  [
    ' in a worker',
    `new (require('node:worker_threads').Worker)(${JSON.stringify(WITHOUT_INSPECTOR)}, { eval: true });`,
  ],
]) {
  test(`without an inspector${where} that is said once, and the rest goes on`, async () => {
    const env = { ...COMPRESSED, LEAKGUARD_SENSITIVITY: 'high', LEAKGUARD_WARN: '0' };
    const { code, stdout, stderr } = await runNode(['-e', source], { env });
    assert.equal(code, 0, stderr);
    const [kinds, notes] = JSON.parse(stdout);
    assert.deepEqual(kinds, ['collections']);
    assert.equal(notes.length, 1);
    assert.match(notes[0], /heap objects are not watched: Error: there is no inspector here/);
    assert.equal(stderr.split('LEAKGUARD_LIMITED').length - 1, 1, stderr);
  });
}

test('an async function that returns its own next call is named, whoever V8 allocates for', async (t) => {
  const file = path.join(temporaryFolder(t), 'report.json');
  // In a process of its own: a test runner's hooks on promises allocate in place of V8.
  const ended = await runNode([...REGISTER, polling], {
    env: {
      CORPUS_SECONDS: '14',
      LEAKGUARD_LEVEL: 'survivors',
      LEAKGUARD_INTERVAL: '40ms',
      LEAKGUARD_SURVIVORS: '200ms',
      LEAKGUARD_WARN: '0',
      LEAKGUARD_REPORT: file,
    },
  });
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
  /** @type {import('..').ReportData} */
  const { findings } = JSON.parse(fs.readFileSync(file, 'utf8'));
  // A leak or, where V8 has optimized it meanwhile, a suspect; else a note on a function of Node.js.
  const [found] = findings.filter(({ severity }) => severity !== 'note');
  assert.equal(found?.site?.file, polling);
});
