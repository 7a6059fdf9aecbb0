'use strict';

/** A round of the heap's sampler leaves a service the code that V8 has compiled for it. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { onReferenceOnly, runNode } = require('./child');

/** Answers itself in batches with a pause between; collects as it is told, in a pause or at a tick. */
const SERVICE = `
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const byGc = process.argv[1] === 'gc';
const leakguard = require(${JSON.stringify(require.resolve('..'))});
const agent = new http.Agent({ keepAlive: true });
const server = http.createServer((request, response) => response.end(request.url));
const get = (port) =>
  new Promise((resolve, reject) => {
    const request = http.get({ port, agent }, (response) => response.resume().on('end', resolve));
    request.on('error', reject);
  });
server.listen(0, async () => {
  const { port } = server.address();
  const batches = async (count) => {
    for (let batch = 0; batch < count; batch += 1) {
      for (let sent = 0; sent < 100; sent += 1) await get(port);
      await pause(10);
    }
  };
  await batches(30);
  if (!byGc) leakguard.start({ level: 'survivors', interval: 100, survivors: { interval: 300 } });
  await batches(byGc ? 10 : 20);
  if (byGc) gc();
  await batches(10);
  process.exit();
});
`;
/** What V8 compiles is ready at once, and what it gives up is told. */
const FLAGS = ['--expose-gc', '--no-concurrent-recompilation', '--trace-deopt-verbose'];
const FORGOTTEN = /weak objects cleared/g;

/** @param {string} how */
async function forgotten(how) {
  const ended = await runNode([...FLAGS, '--eval', SERVICE, how]);
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout.match(FORGOTTEN)?.length ?? 0;
}

test('the code of an HTTP service outlives the rounds', { skip: onReferenceOnly }, async () => {
  const byGc = await forgotten('gc');
  const byRounds = await forgotten('rounds');
  assert.ok(byGc > 20, `a collection while nothing is under way makes V8 forget ${byGc}`);
  assert.ok(byRounds < byGc / 2, `${byRounds} in all rounds, ${byGc} in one collection`);
});

const KEPT = `
const { EventEmitter } = require('node:events');
const { setTimeout: pause } = require('node:timers/promises');
const { inFlight } = require(${JSON.stringify(require.resolve('../lib/in-flight'))});
require(${JSON.stringify(require.resolve('..'))}).start({
  level: 'survivors',
  interval: 50,
  survivors: { interval: 400 },
});
async function main() {
  const seen = [];
  let isKept = false;
  while (!isKept || inFlight.isOpen) {
    const emitter = new EventEmitter();
    emitter.on('x', () => {});
    seen.push(new WeakRef(emitter));
    isKept ||= inFlight.isOpen;
    await pause(5);
  }
  await pause(0);
  gc();
  await pause(0);
  console.log(seen.length, seen.filter((ref) => ref.deref() !== undefined).length);
  process.exit();
}
void main();
`;

test('what is kept for a round is let go with it', async () => {
  const ended = await runNode(['--expose-gc', '--eval', KEPT]);
  assert.equal(ended.code, 0, ended.stderr);
  const [made, left] = ended.stdout.trim().split(' ').map(Number);
  assert.ok(made > 10, ended.stdout);
  // The last of them is in the loop's variable.
  assert.ok(left <= 1, `${left} of ${made} emitters live on`);
});
