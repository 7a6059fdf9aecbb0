#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:capture`: what it costs to capture the heap of a process, beside V8's snapshot streamed to
 * nowhere, in turns in one process with a heap of so many MB of snapshot. Both make V8 list the heap; the
 * ratio is what reading it on the way adds.
 */

const v8 = require('node:v8');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('../scripts/command-line');
const { buildAddon, installPackages, nodeBinary } = require('../scripts/setup');
const { runNode, summary } = require('./measure');
const { createSessions } = require('./sessions');

const HELP = `Usage: npm run bench:capture -- [options]

  --node MAJOR     (default: 24)
  --megabytes N    of the snapshot (default: 65)
  --rounds N       (default: 7)
`;
const MAX_MEGABYTES = 2000;
const MAX_ROUNDS = 1000;

const [inside, megabytes, rounds] = process.argv.slice(2);
if (inside === 'inside') void measure(Number(megabytes), Number(rounds));
else main();

/** Streams V8's snapshot to nowhere; bytes. */
async function drain() {
  let bytes = 0;
  for await (const piece of v8.getHeapSnapshot()) bytes += piece.length;
  return bytes;
}

/**
 * @param {number} size
 * @param {number} count
 */
async function measure(size, count) {
  const { heap } = require('..');
  const sessions = createSessions(size);
  const figures = /** @type {{ drained: number[], captured: number[] }} */ ({
    drained: [],
    captured: [],
  });
  let bytes = 0;
  for (let round = 0; round <= count; round += 1) {
    for (const name of /** @type {const} */ (['drained', 'captured'])) {
      const start = performance.now();
      if (name === 'drained') bytes = await drain();
      else await heap.capture();
      // The first round warms up.
      if (round > 0) figures[name].push(performance.now() - start);
    }
  }
  if (sessions.size === 0) throw new Error('the sessions must outlive their snapshots');
  const rssMiB = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ bytes, rssMiB, ...figures }));
}

function readSettings() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', default: '24' },
      megabytes: { type: 'string', default: '65' },
      rounds: { type: 'string', default: '7' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return {
    node: values.node,
    help: values.help,
    size: parseCount('--megabytes', values.megabytes, MAX_MEGABYTES),
    count: parseCount('--rounds', values.rounds, MAX_ROUNDS),
  };
}

function main() {
  const { node, help, size, count } = readOrExit('capture', readSettings, HELP);
  if (help) return void process.stdout.write(HELP);
  installPackages('__test__/runtimes');
  buildAddon();
  const args = [__filename, 'inside', String(size), String(count)];
  const { bytes, rssMiB, drained, captured } = JSON.parse(runNode(nodeBinary(node), args));
  const ratios = drained.map((each, round) => captured[round] / each);
  const show = (/** @type {number[]} */ numbers, digits = 0) => {
    const { best, median, worst } = summary(numbers);
    return [median, best, worst].map((number) => number.toFixed(digits)).join(' ');
  };
  process.stdout.write(
    `Node ${node}, ${(bytes / 1e6).toFixed(0)} MB of snapshot, ${count} rounds: median, least, most\n` +
      `drained to nowhere  ${show(drained)} ms\n` +
      `captured            ${show(captured)} ms\n` +
      `ratio               ${show(ratios, 3)}\n` +
      `resident at most    ${rssMiB.toFixed(0)} MiB\n`,
  );
}
