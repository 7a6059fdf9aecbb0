#!/usr/bin/env node
'use strict';

/**
 * `npm run fuzz`: lets libFuzzer look for inputs that break what must hold (`fuzz/`), and prints one line for each
 * target. There is no unsafe code, so it does without sanitizers. What it finds is left in `fuzz/artifacts`.
 */

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const readline = require('node:readline');
const { parseArgs } = require('node:util');
const { parseCount, parseList, readOrExit } = require('./command-line');
const { ROOT } = require('./setup');

const FUZZ = path.join(ROOT, 'fuzz');
const TARGETS = fs
  .readdirSync(path.join(FUZZ, 'fuzz_targets'))
  .map((file) => path.parse(file).name);
const MAX_RUNS = 1e12;
/** Of an input. */
const LIMITS = ['-max_len=65536', '-timeout=10', '-rss_limit_mb=2048'];
/** What targets are given besides. @type {Record<string, string[]>} */
const OWN = { heap_text: [`-dict=${path.join(FUZZ, 'heap.dict')}`] };

const HELP = `Usage: npm run fuzz -- [options]

  --target LIST  of ${TARGETS.join(', ')} (default: all)
  --runs N       inputs for each target, beyond those of earlier runs (default: 10000000)

Needs a nightly compiler and cargo-fuzz: rustup toolchain install nightly && cargo install --locked cargo-fuzz
Exit code: 0 nothing was found, 1 something was, 64 wrong usage, 65 something needed is missing.
`;

const { help, targets, runs } = readOrExit(
  'npm run fuzz',
  () => {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', default: TARGETS.join(',') },
        runs: { type: 'string', default: '10000000' },
        help: { type: 'boolean', default: false },
      },
    });
    return {
      help: values.help,
      targets: parseList('--target', values.target, TARGETS),
      runs: parseCount('--runs', values.runs, MAX_RUNS),
    };
  },
  HELP,
);

/**
 * @param {string} target
 * @returns {Promise<boolean>} whether nothing was found
 */
async function fuzz(target) {
  const folder = (/** @type {string} */ name) => path.join(FUZZ, name, target);
  fs.mkdirSync(folder('corpus'), { recursive: true });
  const options = [`-runs=${runs}`, '-print_final_stats=1', ...LIMITS, ...(OWN[target] ?? [])];
  const args = ['+nightly', 'fuzz', 'run', '-s', 'none', target, folder('corpus'), folder('seeds')];
  const child = spawn('cargo', [...args, '--', ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const ended = once(child, 'exit');
  /** @type {string[]} */
  const last = [];
  for await (const line of readline.createInterface({ input: child.stderr })) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${target} ${line}`.slice(0, 100));
    last.push(line);
    if (last.length > 60) last.shift();
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const [code, signal] = await ended;
  const stat = (/** @type {string} */ name) =>
    last.find((line) => line.startsWith(`stat::${name}`))?.split(/\s+/)[1];
  if (code === 0) {
    const inputs = fs.readdirSync(folder('corpus')).length;
    process.stdout.write(
      `${target}: ${stat('number_of_executed_units')} runs, ${stat('average_exec_per_sec')} a second, ` +
        `${inputs} inputs kept, nothing found\n`,
    );
    return true;
  }
  process.stdout.write(`${target}: ended with ${signal ?? code}\n${last.join('\n')}\n`);
  return false;
}

async function main() {
  if (help) return void process.stdout.write(HELP);
  const found = spawnSync('cargo', ['+nightly', 'fuzz', '--version'], { encoding: 'utf8' });
  if (found.status !== 0) {
    process.stderr.write(`npm run fuzz: ${found.stderr ?? found.error}\n${HELP}`);
    process.exitCode = 65;
    return;
  }
  for (const target of targets) if (!(await fuzz(target))) process.exitCode = 1;
}

main();
