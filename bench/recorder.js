#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:recorder`: what recording adds to a tick, also while another process makes the same disk write
 * everything at once; and what `top` and `postmortem` take of a process that is stopped, beside a Node.js that does
 * nothing. Everything in turns.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('../scripts/command-line');
const { quantile } = require('../scripts/quantile');
const {
  ROOT,
  bareEnvironment,
  buildAddon,
  installPackages,
  nodeBinary,
} = require('../scripts/setup');
const { runNode, summary } = require('./measure');

const HELP = `Usage: npm run bench:recorder -- [options]

  --folder DIR   on the disk that is written to (default: the folder for temporary files)
  --rounds N     of each (default: 5)
  --json         prints JSON

Exit code: 0, 64 wrong usage.
`;
const NODE = nodeBinary('24');
const BIN = path.join(ROOT, 'bin', 'leakguard.js');
const TICKS = path.join(__dirname, 'recorder-ticks.js');
const SUBJECTS = 4096;

/** Keeps a disk busy: writes a little and has it flushed, again and again. */
const FLUSHING = `
const fs = require('node:fs');
const file = fs.openSync(process.argv[1], 'w');
for (let at = 0; ; at = (at + 1) % 4096) {
  fs.writeSync(file, Buffer.alloc(65536, at), 0, 65536, at * 65536);
  fs.fsyncSync(file);
}`;

/** Keeps as many subjects as there is room for, one of which leaks. */
const LEAKING = `
const { EventEmitter } = require('node:events');
const emitters = Array.from({ length: ${SUBJECTS} }, () => new EventEmitter().setMaxListeners(0));
for (const emitter of emitters) for (let i = 0; i < 20; i += 1) emitter.on('tick', () => {});
const brief = () => {};
setInterval(() => {
  for (const emitter of emitters) emitter.on('tick', brief).off('tick', brief);
  emitters[0].on('tick', () => {});
}, 50);`;

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * @param {string} script
 * @param {{ args?: string[], env?: NodeJS.ProcessEnv }} [options]
 */
function start(script, { args = [], env = {} } = {}) {
  const child = spawn(NODE, ['-e', script, ...args], {
    stdio: 'ignore',
    env: { ...bareEnvironment(), ...env },
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/**
 * @param {number} rounds
 * @param {string} folder
 */
async function measureTicks(rounds, folder) {
  const recording = path.join(folder, 'ticks.leakguard');
  const cases = [
    { name: 'not recorded', args: [], isFlushing: false },
    { name: 'recorded', args: [recording], isFlushing: false },
    { name: 'not recorded, beside fsync', args: [], isFlushing: true },
    { name: 'recorded, beside fsync', args: [recording], isFlushing: true },
  ].map((each) => ({ ...each, ticks: /** @type {{ ms: number, waits: number }[]} */ ([]) }));
  for (let round = 0; round < rounds; round += 1) {
    for (const each of cases) {
      fs.rmSync(recording, { force: true });
      const other = each.isFlushing
        ? start(FLUSHING, { args: [path.join(folder, 'flushed')] })
        : null;
      const { ticks, fault } = JSON.parse(runNode(NODE, [TICKS, ...each.args]));
      if (fault !== null) throw new Error(`nothing was recorded: ${fault}`);
      each.ticks.push(...ticks);
      if (other === null) continue;
      other.kill('SIGKILL');
      await once(other, 'close');
    }
  }
  return cases.map(({ name, ticks }) => {
    const times = ticks.map(({ ms }) => ms);
    const medianMs = quantile(times, 0.5);
    const stalls = ticks.filter(({ ms }) => ms > medianMs + 1);
    return {
      name,
      ticks: ticks.length,
      medianMs,
      p99Ms: quantile(times, 0.99),
      maxMs: quantile(times, 1),
      stalls: stalls.length,
      waiting: stalls.filter(({ waits }) => waits > 0).length,
    };
  });
}

/**
 * @param {number} rounds
 * @param {string} folder
 */
async function measureCommands(rounds, folder) {
  const file = path.join(folder, 'stopped.leakguard');
  const child = start(LEAKING, {
    env: {
      NODE_OPTIONS: `--require ${path.join(ROOT, 'register.js')}`,
      LEAKGUARD_INTERVAL: '50ms',
      LEAKGUARD_SENSITIVITY: 'high',
      LEAKGUARD_WARN: '0',
      LEAKGUARD_RECORDER: file,
    },
  });
  const seen = () => JSON.parse(runNode(NODE, [BIN, 'top', '--once', '--json', file]));
  // Every subject, and a finding.
  while (
    !fs.existsSync(file) ||
    seen().subjects.length < SUBJECTS ||
    seen().findings.length === 0
  ) {
    await pause(200);
  }
  child.kill('SIGSTOP');
  const commands = [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'top --once --json', args: [BIN, 'top', '--once', '--json', file] },
    { name: 'top --once', args: [BIN, 'top', '--once', file] },
    { name: 'postmortem', args: [BIN, 'postmortem', file] },
  ].map((each) => ({ ...each, took: /** @type {number[]} */ ([]) }));
  for (let round = 0; round < rounds * 4; round += 1) {
    for (const { args, took } of commands) {
      const start = performance.now();
      runNode(NODE, args);
      took.push(performance.now() - start);
    }
  }
  child.kill('SIGKILL');
  await once(child, 'close');
  const rows = commands.map(({ name, took }) => ({ name, ...summary(took) }));
  return rows.map((row) => ({ ...row, ownMs: row.median - rows[0].median }));
}

async function main() {
  const {
    folder: parent,
    rounds,
    json,
  } = readOrExit('npm run bench:recorder', () => {
    const { values } = parseArgs({
      options: {
        folder: { type: 'string', default: os.tmpdir() },
        rounds: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    return { ...values, rounds: parseCount('--rounds', values.rounds, 100) };
  });
  for (const each of ['.', '__test__/runtimes']) installPackages(each);
  buildAddon();
  const folder = fs.mkdtempSync(path.join(parent, 'leakguard-bench-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const ticks = await measureTicks(rounds, folder);
  const commands = await measureCommands(rounds, folder);
  if (json) return void process.stdout.write(`${JSON.stringify({ ticks, commands })}\n`);
  const ms = (/** @type {number} */ value) => value.toFixed(3).padStart(10);
  const lines = [
    `ticks of ${SUBJECTS} subjects, ms        median        p99        max  longer by 1 ms  of these waiting`,
    ...ticks.map(
      (row) =>
        `${row.name.padEnd(28)}${ms(row.medianMs)} ${ms(row.p99Ms)} ${ms(row.maxMs)}  ${`${row.stalls} of ${row.ticks}`.padStart(14)}  ${String(row.waiting).padStart(16)}`,
    ),
    '',
    `a stopped process, ${SUBJECTS} subjects, ms   median (best-worst)         beside a bare Node.js`,
    ...commands.map(
      ({ name, median, best, worst, ownMs }) =>
        `${name.padEnd(28)}${ms(median)} (${best.toFixed(1)}-${worst.toFixed(1)})`.padEnd(62) +
        ms(ownMs),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

void main();
