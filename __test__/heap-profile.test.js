'use strict';

/** Who is the site of a sample, and who called it, in profiles that V8 makes of this very process. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { Session } = require('node:inspector/promises');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Frames } = require('../lib/frames');
const { HeapProfileReader } = require('../lib/heap-profile');
const { isCalledBy } = require('../lib/inlining');
const { loadNative } = require('../lib/native');

/** Small enough that each call leaves some samples. */
const SAMPLE_BYTES = 64;

/**
 * @param {() => Promise<void>} work
 * @returns {Promise<import('../lib/heap-profile').Origin[]>} of all that it allocated and still lives
 */
async function originsOf(work) {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLE_BYTES });
  await work();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const reader = new HeapProfileReader(new Frames(loadNative()));
  return [...reader.origins(/** @type {any} */ (profile)).values()];
}

/** @type {unknown[]} */
const kept = [];

function keep() {
  for (let index = 0; index < 100; index += 1) kept.push({ index });
}

/**
 * @param {import('../lib/heap-profile').Origin[]} origins
 * @param {string} name
 */
function named(origins, name) {
  const origin = origins.find(({ site }) => site.frame.function === name);
  assert.ok(origin, `no samples of ${name}`);
  return origin;
}

test('a function that a function of the host calls has it as its caller', async () => {
  const origins = await originsOf(async function first() {
    await sleep(1);
    (function second() {
      kept.push({});
      keep();
    })();
  });
  assert.ok(isCalledBy(named(origins, 'keep'), named(origins, 'second').key));
});

test('the timings that Node keeps of each fetch are not the doing of who calls it', async (t) => {
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const origins = await originsOf(async function fetchAll() {
    for (let count = 0; count < 100; count += 1) {
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
    }
  });
  assert.equal(named(origins, 'createOpaqueTimingInfo').site.internal, true);
});

test('a function that Node calls has as its caller what of Node is nearest to it', async () => {
  const origins = await originsOf(async () => {
    setTimeout(keep, 1);
    await sleep(20);
  });
  const { caller } = named(origins, 'keep');
  assert.equal(caller?.site.internal, true);
  assert.match(caller.site.frame.file, /^node:internal\/timers/);
});
