'use strict';

/** Memory meters, and hosts where what they read is not there: said once, and the rest goes on. */

const { collectGarbage, leakguard, repeat, startQuick } = require('./ticks');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { setImmediate: turn } = require('node:timers/promises');
const v8 = require('node:v8');
const { Meters } = require('../lib/meters');
const { REGISTER, ROOT, runNode, temporaryFolder } = require('./child');

const REPORTS = `
  const { EventEmitter } = require('node:events');
  const bus = new EventEmitter().setMaxListeners(0);
  const timer = setInterval(() => {
    bus.on('tick', () => {});
    const report = require(${JSON.stringify(ROOT)}).report();
    if (report.leaks.length === 0 && report.ticks < 300) return;
    clearInterval(timer);
    console.log(report.leaks.map(({ kind }) => kind).join());
  }, 10);`;
const ENV = {
  LEAKGUARD_INTERVAL: '10ms',
  LEAKGUARD_PATIENCE: '10',
  LEAKGUARD_SENSITIVITY: 'high',
  LEAKGUARD_WARN: '0',
};

/** @type {unknown[]} */
const scratch = [];

/** @param {string} stderr */
const ownWarnings = (stderr) => stderr.split('\n').filter((line) => line.includes('LEAKGUARD_'));

test('array buffers that pile up become a suspect, and no leak', async (t) => {
  startQuick(t);
  /** @type {Buffer[]} */
  const kept = [];
  await repeat(async () => {
    kept.push(Buffer.alloc(1 << 19, 1));
    await collectGarbage();
  }, 150);
  const found = leakguard.report().findings.filter(({ what }) => what === 'arrayBuffers');
  assert.deepEqual(
    found.map(({ kind, severity, etaMs }) => [kind, severity, etaMs]),
    [['heap', 'suspect', null]],
  );
  assert.match(found[0].title, /^array buffers of \d+/);
  assert.ok(kept.length > 0);
});

test('full collections are counted, scavenges are not, and the heap is read right after', async (t) => {
  const meters = new Meters((message) => assert.fail(message));
  t.after(() => meters.stop());
  meters.beginTick(Date.now());
  const profiler = new v8.GCProfiler();
  profiler.start();
  for (let round = 0; round < 8; round += 1) {
    for (let count = 0; count < 300_000; count += 1) scratch[count % 1000] = [count];
    if (round % 2 === 0) await collectGarbage();
    await turn();
  }
  const { statistics = [] } = profiler.stop() ?? {};
  const full = statistics.filter(({ gcType }) => gcType === 'MarkSweepCompact');
  assert.ok(statistics.length > full.length, 'there were scavenges');
  assert.equal(meters.collections, full.length);
  const inUse = full.at(-1)?.afterGC.heapStatistics.usedHeapSize ?? 0;
  const read = meters.heapAfterGcBytes ?? 0;
  assert.ok(Math.abs(read - inUse) < inUse / 10, `${read} read, ${inUse} in use`);
});

test('what the event loop waits for without working is no load of the process', async (t) => {
  const WAIT_MS = 500;
  const meters = new Meters((message) => assert.fail(message));
  t.after(() => meters.stop());
  await turn();
  meters.endTick();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
  meters.beginTick(Date.now());
  assert.ok(meters.busyMs > 0 && meters.busyMs < WAIT_MS / 2, `${meters.busyMs} ms`);
});

/** @type {[name: string, before: string, warning: RegExp][]} */
const BROKEN = [
  [
    'process.getActiveResourcesInfo throws',
    "process.getActiveResourcesInfo = () => { throw new Error('no'); };",
    /open handles are not counted|active resources are not counted/,
  ],
  [
    'there is no FinalizationRegistry',
    'FinalizationRegistry = undefined;',
    /garbage collections are not seen/,
  ],
  [
    'FinalizationRegistry takes no symbols',
    "FinalizationRegistry.prototype.register = () => { throw new Error('no'); };",
    /garbage collections are not seen/,
  ],
  [
    'fs cannot read',
    "require('node:fs').readdirSync = () => { throw new Error('no'); };",
    /open descriptors are not counted/,
  ],
];

for (const [name, before, warning] of BROKEN) {
  test(`where ${name}, that is said once and leaks are found`, async (t) => {
    const skip = name.startsWith('fs') && process.platform !== 'linux';
    if (skip) return t.skip('there is no /proc to read');
    const source = `${before} require(${JSON.stringify(REGISTER)}); ${REPORTS}`;
    const { code, stdout, stderr } = await runNode(['-e', source], { env: ENV });
    assert.deepEqual([code, stdout], [0, 'listeners\n'], stderr);
    const warnings = ownWarnings(stderr);
    assert.ok(warnings.length > 0 && warnings.every((line) => warning.test(line)), stderr);
    assert.equal(new Set(warnings).size, warnings.length, stderr);
  });
}

test('a clock that is set back breaks nothing', async () => {
  const source = `
    let back = 0;
    const { now } = Date;
    Date.now = () => now() - (back += 1000);
    require(${JSON.stringify(REGISTER)}); ${REPORTS}`;
  const { code, stdout, stderr } = await runNode(['-e', source], { env: ENV });
  assert.deepEqual([code, stdout, stderr], [0, 'listeners\n', '']);
});

const flag = ['--permission', '--experimental-permission'].find((name) =>
  process.allowedNodeEnvironmentFlags.has(name),
);

test('under the permission model the rest goes on', { skip: flag === undefined }, async (t) => {
  const file = `${temporaryFolder(t)}/app.js`;
  fs.writeFileSync(file, REPORTS);
  const allowed = [ROOT, file].map((name) => `--allow-fs-read=${name}`);
  const args = [`${flag}`, '--allow-addons', ...allowed, '--require', REGISTER, file];
  const { code, stdout, stderr } = await runNode(args, { env: ENV });
  // Node 20 knows no --allow-addons: there the addon is refused, and that is said.
  if (/bad option/.test(stderr)) return t.skip('no permission for addons in this Node');
  assert.equal(code, 0, stderr);
  const warnings = ownWarnings(stderr);
  assert.equal(new Set(warnings).size, warnings.length, stderr);
  assert.equal(stdout, 'listeners\n', stderr);
});
