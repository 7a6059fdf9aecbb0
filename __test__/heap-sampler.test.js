'use strict';

/** V8's sampling heap profiler, as it is started and read. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { youngestOf } = require('../lib/heap-profile');
const { HeapSampler } = require('../lib/heap-sampler');
const { runNode } = require('./child');

const DISTANCE = 4096;
const ELEMENT_BYTES = 8;
const ARRAYS = 2000;
const ELEMENTS = 512;

/** @param {HeapSampler} sampler */
const youngest = (sampler) => youngestOf(sampler.read().samples);

test('ordinals count what was allocated, though nothing of it lives', (t) => {
  const sampler = new HeapSampler();
  sampler.start(DISTANCE);
  t.after(() => {
    sampler.stop();
    sampler.close();
  });
  const before = youngest(sampler);
  for (let count = 0; count < ARRAYS; count += 1) new Array(ELEMENTS).fill(count);
  const expected = (ARRAYS * ELEMENTS * ELEMENT_BYTES) / DISTANCE;
  const samples = youngest(sampler) - before;
  assert.ok(samples > expected / 2 && samples < expected * 2, `${samples} of ${expected}`);
});

test('a name that is cut from a text and forgotten leaves no sample, though it was a key', (t) => {
  const sampler = new HeapSampler();
  sampler.start(256);
  t.after(() => {
    sampler.stop();
    sampler.close();
  });
  const fields = /** @type {Record<string, number>} */ ({ title: 1 });
  const last = new Array(3000);
  function parse() {
    for (let n = 0; n < 20_000; n += 1) {
      const name = `xx title of ${n}`.slice(3, 8);
      last[n % last.length] = { name, field: fields[name] };
    }
  }
  const liveBytes = Array.from({ length: 10 }, () => {
    parse();
    return sampler.read().samples.reduce((sum, { size }) => sum + size, 0);
  });
  const [settled, later] = [liveBytes[3], liveBytes[9]];
  assert.ok(later < settled * 1.2, `${settled} live bytes became ${later}`);
});

/** Compiles `nextTick`, then collects four times while nothing is under way. */
const AT_REST = `
const { HeapSampler } = require(${JSON.stringify(require.resolve('../lib/heap-sampler'))});
const { setImmediate: turn } = require('node:timers/promises');
const sampler = new HeapSampler();
sampler.start(2 ** 20);
let ticks = 0;
const count = () => { ticks += 1; };
function work() {
  for (let call = 0; call < 200; call += 1) process.nextTick(count);
}
async function main() {
  for (let round = 0; round < 4; round += 1) {
    for (let at = 0; at < 300; at += 1) {
      work();
      await turn();
    }
    if (process.argv[1] === 'by us') sampler.read();
    else sampler.session.post('HeapProfiler.getSamplingProfile', () => {});
    await turn();
  }
}
void main();
`;
/** What V8 compiles is ready at once, and what it gives up is told. */
const SEEN = ['--no-concurrent-recompilation', '--trace-deopt', '--trace-deopt-verbose'];
/** Of itself, or of `work`, into which it may have been inlined. */
const FORGOTTEN = /<SharedFunctionInfo (?:nextTick|work)>.*weak objects/;

test('a service at rest keeps its compiled nextTick when the heap is read', async () => {
  const run = async (/** @type {string} */ how) =>
    (await runNode([...SEEN, '-e', AT_REST, how])).stdout;
  assert.match(await run('by V8 alone'), FORGOTTEN);
  assert.doesNotMatch(await run('by us'), FORGOTTEN);
});
