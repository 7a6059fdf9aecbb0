#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:requests`: how many requests it takes until a leak of one object per request is told, at
 * level `exact`, from an HTTP server that gets so many requests per tick. Counted, not timed.
 */

const { spawnSync } = require('node:child_process');
const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { parseArgs } = require('node:util');
const { bareEnvironment, buildAddon, installPackages, nodeBinary } = require('../scripts/setup');

const TICK_MS = 100;
const ROUND_MS = 500;
const REQUESTS_PER_TICK = [1, 4];
/** Requests after which nobody waits any longer. */
const MAX_REQUESTS = 2000;

const bus = new EventEmitter().setMaxListeners(0);
const cache = new Map();
/** @type {(() => unknown)[]} */
const undo = [];

/** What a request leaks. @type {Record<string, (id: number) => void>} */
const LEAKS = {
  listener: (id) => bus.on('change', () => id),
  'Map entry': (id) => cache.set(`session ${id}`, { id, since: Date.now() }),
  closure: (id) => undo.push(() => [id]),
};

/**
 * @param {string} name  of LEAKS
 * @param {number} perTick
 */
async function runService(name, perTick) {
  const leakguard = require('..');
  let told = false;
  let sent = 0;
  leakguard.on('finding', ({ severity }) => {
    told ||= severity === 'leak';
  });
  const server = http.createServer((request, response) => {
    LEAKS[name](Number(request.url?.slice(1)));
    response.end('done');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const agent = new http.Agent({ keepAlive: true });
  while (!told && sent < MAX_REQUESTS) {
    const options = { port, agent, path: `/${sent}` };
    const [response] = await once(http.get(options), 'response');
    await once(response.resume(), 'end');
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS / perTick));
  }
  process.stdout.write(told ? String(sent) : '-');
  process.exit(0);
}

/**
 * @param {string} node
 * @param {string} name
 * @param {number} perTick
 */
function measure(node, name, perTick) {
  const { status, stdout, stderr } = spawnSync(node, [__filename, name, String(perTick)], {
    encoding: 'utf8',
    env: {
      ...bareEnvironment(),
      LEAKGUARD_LEVEL: 'exact',
      LEAKGUARD_INTERVAL: `${TICK_MS}ms`,
      LEAKGUARD_SURVIVORS: `${ROUND_MS}ms`,
    },
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function main() {
  const { values } = parseArgs({ options: { node: { type: 'string', default: '20,22,24,26' } } });
  for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
  buildAddon();
  for (const version of values.node.split(',')) {
    const node = nodeBinary(version);
    for (const name of Object.keys(LEAKS)) {
      const cells = REQUESTS_PER_TICK.map(
        (perTick) => `${measure(node, name, perTick).padStart(5)} at ${perTick} per tick`,
      );
      process.stdout.write(`Node ${version}  ${name.padEnd(12)}${cells.join('')}\n`);
    }
  }
}

const [name, perTick] = process.argv.slice(2);
if (name in LEAKS) void runService(name, Number(perTick));
else main();
