#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:scrape`: what a scrape takes of the process that is scraped, and how large it is, when there is much to
 * say: sixty findings from as many lines, and many populations. Every round is a process of its own.
 */

const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('../scripts/command-line');
const { buildAddon, installPackages, nodeBinary } = require('../scripts/setup');
const { runNode, summary } = require('./measure');

const CAUSES = 60;
/** More would have no names: those have a room of their own in the ledger. */
const POPULATIONS = 2000;
const SCRAPES = 200;
const TICKS = 100;

/** One process; prints the milliseconds of each scrape, and its bytes. */
async function scrape() {
  const { EventEmitter } = require('node:events');
  const leakguard = require('..');
  leakguard.start({ interval: '50ms', patience: 20, sensitivity: 'high', warn: false });
  const queues = Array.from({ length: POPULATIONS }, (_, size) => {
    return leakguard.watch(`queue ${size}`, () => size);
  });
  const bus = new EventEmitter().setMaxListeners(0);
  // Each on a line of its own, as far as anybody can tell.
  const leaks = Array.from({ length: CAUSES }, (_, cause) => {
    const code = `bus.on('an event of cause ${String.fromCodePoint(97 + cause)}', () => {})`;
    return new Function('bus', `${code}\n//# sourceURL=/srv/app/lib/module-${cause}/index.js`);
  });
  while (leakguard.report().ticks < TICKS) {
    for (const leak of leaks) leak(bus);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const times = [];
  let text = '';
  for (let count = 0; count < SCRAPES; count += 1) {
    const start = performance.now();
    text = leakguard.metrics();
    times.push(performance.now() - start);
    // As between two scrapes, what was made is garbage by the next.
    await new Promise(setImmediate);
  }
  const { leaks: found, ledger } = leakguard.report();
  for (const queue of queues) queue.stop();
  leakguard.stop();
  const { median } = summary(times);
  const bytes = Buffer.byteLength(text);
  process.stdout.write(
    JSON.stringify({ median, bytes, findings: found.length, populations: ledger.tracked }),
  );
}

function main() {
  const { values, rounds } = readOrExit('bench:scrape', () => {
    const { values } = parseArgs({
      options: {
        node: { type: 'string', default: '24' },
        rounds: { type: 'string', default: '5' },
      },
    });
    return { values, rounds: parseCount('--rounds', values.rounds, 100) };
  });
  for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
  buildAddon();
  for (const version of values.node.split(',')) {
    const args = [__filename, '--one'];
    const runs = Array.from({ length: rounds }, () =>
      JSON.parse(runNode(nodeBinary(version), args)),
    );
    const { best, median, worst } = summary(runs.map((run) => run.median));
    const [{ bytes, findings, populations }] = runs;
    process.stdout.write(
      `Node ${version}: ${median?.toFixed(2)} ms (${best?.toFixed(2)} to ${worst?.toFixed(2)}), ${(bytes / 1000).toFixed(1)} KB, with ${findings} leaks and ${populations} populations\n`,
    );
  }
}

if (process.argv.includes('--one')) scrape();
else main();
