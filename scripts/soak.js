#!/usr/bin/env node
'use strict';

/**
 * `npm run soak`: a process under leakguard and a bare twin beside it, both busy with what is hooked for as long as
 * is wanted, and one line on what the one grew by beyond the other.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('./command-line');
const { ROOT, bareEnvironment, buildAddon } = require('./setup');
const { compare } = require('./soak/growth');

const MAX_MINUTES = 7 * 24 * 60;
const MAX_RATE = 10_000_000;
/** Ticks five times as close as usual: five times as many verdicts, of which none may be a leak. */
const OPTIONS = {
  LEAKGUARD_LEVEL: 'survivors',
  LEAKGUARD_INTERVAL: '200ms',
  LEAKGUARD_SURVIVORS: '12s',
};
/**
 * The young generation stays as large as it begins: V8 gives each of the twins more of it at another time, up to
 * 48 MiB, and the resident set would tell of nothing else.
 */
const FLAGS = ['--expose-gc', '--min-semi-space-size=2', '--max-semi-space-size=2'];
const HELP = `Usage: npm run soak -- [options]

  --minutes N  how long (default: 30)
  --rate N     hooked operations a second (default: 50000)

Exit code: 0 nothing grew and nothing was found, 1 something did or was, 64 wrong usage.
`;

const { help, minutes, rate } = readOrExit(
  'npm run soak',
  () => {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '30' },
        rate: { type: 'string', default: '50000' },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      help: values.help,
      minutes: parseCount('--minutes', values.minutes, MAX_MINUTES),
      rate: parseCount('--rate', values.rate, MAX_RATE),
    };
  },
  HELP,
);

/** @param {NodeJS.ProcessEnv} env */
async function run(env) {
  const child = spawn(process.execPath, [...FLAGS, path.join(__dirname, 'soak/program.js')], {
    env: { ...bareEnvironment(), MINUTES: `${minutes}`, RATE: `${rate}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = [];
  for await (const line of readline.createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line));
  }
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`the program ended with ${signal ?? code}`);
  return { ...lines.pop(), samples: lines };
}

const mib = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;

async function main() {
  if (help) return void process.stdout.write(HELP);
  buildAddon();
  const [{ findings: all, notes, samples }, bare] = await Promise.all([
    run({ LEAKGUARD_ROOT: ROOT, ...OPTIONS }),
    run({}),
  ]);
  const { heap, rss, faults } = compare(samples, bare.samples);
  // What is not judged yet is listed too, as a note.
  const findings = all.filter((/** @type {{ severity: string }} */ it) => it.severity !== 'note');
  for (const { severity, message } of findings) faults.push(`${severity}: ${message}`);
  const last = samples.at(-1);
  process.stdout.write(
    `${minutes} minutes, ${last.operations.toLocaleString('en')} operations ` +
      `(${Math.round(last.operations / minutes / 60).toLocaleString('en')} a second; ` +
      `bare ${bare.samples.at(-1).operations.toLocaleString('en')}), ${last.ticks} ticks: ` +
      `heap ${mib(heap)} and resident set ${mib(rss)} beyond the bare twin's growth, ` +
      `ledger ${mib(last.ledger.bytes)} with ${last.ledger.tracked} subjects, ${findings.length} findings\n`,
  );
  for (const note of notes) process.stdout.write(`${note}\n`);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main();
