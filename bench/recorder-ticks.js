'use strict';

/**
 * Ticks of a full ledger, one subject in 64 of another size at each: `node recorder-ticks.js [FILE]`, recorded there
 * or not at all. Prints JSON of each tick: milliseconds, and how often the process waited in it of itself, which is what a
 * disk makes it do; that another has the CPU, or the machine another guest, is no such wait.
 */

const { loadNative } = require('../lib/native');

const CAPACITY = 4096;
const TICKS = 4000;
const PAUSE_MS = 1;
const INTERVAL_MS = 1000;
const METERS = new Float64Array(10).fill(2 ** 20);

const [file] = process.argv.slice(2);
const { Engine } = loadNative();
const startedAtMs = Date.now();
const engine = new Engine(
  JSON.stringify({
    capacity: CAPACITY,
    patienceTicks: 60,
    intervalMs: INTERVAL_MS,
    roundMs: 60_000,
    startedAtMs,
  }),
);
if (file !== undefined) {
  const about = { node: process.version, threadId: 0, processStartedAt: startedAtMs };
  engine.openRecorder(file, JSON.stringify({ ...about, command: 'bench', level: 'sites' }));
}
const levels = new Uint32Array(CAPACITY);
for (let subject = 0; subject < CAPACITY; subject += 1) {
  const slot = engine.claim('listeners', 'EventEmitter', `emitter ${subject}`, 16, 20);
  levels[slot] = 20;
}

/** @type {{ ms: number, waits: number }[]} */
const ticks = [];
let tick = 0;
const waited = () => process.resourceUsage().voluntaryContextSwitches;
const timer = setInterval(() => {
  tick += 1;
  for (let slot = tick % 64; slot < CAPACITY; slot += 64) levels[slot] ^= 1;
  const before = waited();
  const start = process.hrtime.bigint();
  engine.tick(levels, startedAtMs + tick * INTERVAL_MS, undefined, METERS);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  ticks.push({ ms, waits: waited() - before });
  if (tick < TICKS) return;
  clearInterval(timer);
  process.stdout.write(JSON.stringify({ ticks, fault: engine.takeRecorderFault() }));
}, PAUSE_MS);
