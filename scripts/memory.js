#!/usr/bin/env node
'use strict';

/**
 * `npm run test:memory`: Miri over the core's unit tests, and Valgrind's memcheck over the addon while programs run
 * under it. V8 gives memcheck much to say about itself; what counts are errors and definite leaks with a frame of the
 * addon.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { REGISTER, program, runCommand } = require('../__test__/child');
const { parseList, readOrExit } = require('./command-line');
const { ROOT, nodeBinary, runOrExit } = require('./setup');

/** Memcheck takes thirty to fifty times as long as the program. */
const TIME_LIMIT_MS = 3_600_000;

const CHECKS = ['miri', 'valgrind'];
const HELP = `Usage: npm run test:memory -- [options]

  --only LIST  of ${CHECKS.join(', ')} (default: all)

Needs Miri:     rustup toolchain install nightly && rustup component add --toolchain nightly miri rust-src
and Valgrind:   apt-get install valgrind
Exit code: 0 nothing was found, 1 something was, 64 wrong usage, 65 something needed is missing.
`;

const { help, only } = readOrExit(
  'npm run test:memory',
  () => {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: CHECKS.join(',') },
        help: { type: 'boolean', default: false },
      },
    });
    return { help: values.help, only: parseList('--only', values.only, CHECKS) };
  },
  HELP,
);

const CAPTURES = `const leakguard = require(${JSON.stringify(ROOT)});
  leakguard.heap.capture().then((snapshot) => snapshot.summary()).then((summary) => console.log(Object.keys(summary).length > 0));`;
/** @type {{ name: string, level: string, args: string[], says: RegExp }[]} */
const RUNS = ['survivors', 'exact'].flatMap((level) =>
  [
    { name: 'a leak', args: [program('leaks-listeners.js')], says: /^leak found$/m },
    { name: 'none', args: [program('healthy.js')], says: /^done$/m },
    { name: 'a heap capture', args: ['-e', CAPTURES], says: /^true$/m },
  ].map((run) => ({ ...run, level })),
);

/**
 * Says what is missing and ends this process, unless the command can be run.
 * @param {string} command
 * @param {string[]} args
 */
function requireCommand(command, args) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`npm run test:memory: ${error?.message ?? stderr}\n${HELP}`);
  process.exit(65);
}

/** The others ask the system, or Node.js, for what Miri does not have. */
const ROOMS = ['ledger::', 'verdict::', 'guard::', 'heap::'];
/** Fifty thousand ticks are many minutes of Miri's, each like the one before. */
const TOO_LONG = ['no_tick_is_lost_over_many_doublings'];

/** @returns {boolean} whether nothing was found */
function runMiri() {
  requireCommand('cargo', ['+nightly', 'miri', '--version']);
  const skipped = TOO_LONG.flatMap((name) => ['--skip', name]);
  const { status } = spawnSync(
    'cargo',
    // One folder for Miri alone: it builds everything anew when it takes turns with others in one.
    [
      '+nightly',
      'miri',
      'test',
      '--target-dir',
      'target/miri',
      '--no-default-features',
      '--lib',
      '--',
    ].concat(ROOMS, skipped),
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        PROPTEST_CASES: '2',
        // proptest asks for the working directory.
        MIRIFLAGS: '-Zmiri-disable-isolation',
      },
    },
  );
  return status === 0;
}

/**
 * napi-rs has a reference to each class that is never deleted: 40 bytes, once for each environment that loads the
 * addon.
 * @param {string} error
 */
const isOfClasses = (error) =>
  error.includes('<kind>Leak_DefinitelyLost</kind>') &&
  error.includes('<fn>napi_create_reference</fn>') &&
  error.includes('<fn>napi_register_module_v1</fn>');

/**
 * The errors that memcheck has written, as it wrote them, of those with a frame of the addon.
 * @param {string} xml
 * @param {string} addon  its file
 */
function errorsOf(xml, addon) {
  const errors = xml.match(/<error>[\s\S]*?<\/error>/g) ?? [];
  return errors.filter((error) => error.includes(`<obj>${addon}</obj>`) && !isOfClasses(error));
}

/** @param {string} error */
function describe(error) {
  const texts = (/** @type {string} */ tag) =>
    [...error.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, text]) => text);
  const [kind] = texts('kind');
  return `${kind}: ${[...texts('what'), ...texts('text')].join(' ')}\n    ${texts('fn').join('\n    ')}`;
}

/**
 * @param {typeof RUNS[number]} run
 * @param {string} folder
 * @param {string} addon  its file
 * @returns {Promise<boolean>} whether nothing was found
 */
async function checkProgram({ name, level, args, says }, folder, addon) {
  const file = (/** @type {string} */ ending) => path.join(folder, `${name} ${level}.${ending}`);
  const options = [
    '--tool=memcheck',
    '--smc-check=all-non-file',
    '--fair-sched=yes',
    '--leak-check=full',
    '--show-leak-kinds=definite',
    '--num-callers=40',
    '--xml=yes',
    `--xml-file=${file('xml')}`,
  ];
  const node = [nodeBinary('24'), '--require', REGISTER, ...args];
  const { code, signal, stdout, stderr } = await runCommand('valgrind', [...options, ...node], {
    cwd: folder,
    timeLimitMs: TIME_LIMIT_MS,
    env: {
      NAPI_RS_NATIVE_LIBRARY_PATH: addon,
      LEAKGUARD_LEVEL: level,
      LEAKGUARD_INTERVAL: '50ms',
      LEAKGUARD_PATIENCE: '12',
      LEAKGUARD_SURVIVORS: '1s',
      LEAKGUARD_RECORDER: file('recording'),
      LEAKGUARD_REPORT: file('report.html'),
    },
  });
  const xml = fs.readFileSync(file('xml'), 'utf8');
  const all = xml.match(/<error>/g)?.length ?? 0;
  const errors = errorsOf(xml, addon);
  // A program that did not do its work, or did it without the addon, says nothing about that.
  const worked = code === 0 && says.test(stdout) && fs.existsSync(file('report.html'));
  process.stdout.write(
    `memcheck, ${name} at ${level}: ${errors.length} of ${all} reports are of the addon` +
      `${worked ? '' : `; the program ended with ${signal ?? code}\n${stdout}${stderr}`}\n`,
  );
  for (const error of errors) process.stdout.write(`  ${describe(error)}\n`);
  return worked && errors.length === 0;
}

/** @returns {Promise<boolean>} whether nothing was found */
async function runValgrind() {
  requireCommand('valgrind', ['--version']);
  // The addon as it is shipped, but with its symbols.
  runOrExit('cargo', ['build', '--quiet', '--profile', 'memory']);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-memory-'));
  const addon = path.join(fs.realpathSync(folder), 'leakguard.node');
  fs.copyFileSync(path.join(ROOT, 'target/memory/libleakguard.so'), addon);
  try {
    const runs = RUNS.map((run) => checkProgram(run, folder, addon));
    return (await Promise.all(runs)).every(Boolean);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  if (help) return void process.stdout.write(HELP);
  const checks = { miri: runMiri, valgrind: runValgrind };
  for (const name of /** @type {('miri' | 'valgrind')[]} */ (only)) {
    if (!(await checks[name]())) process.exitCode = 1;
  }
}

main();
