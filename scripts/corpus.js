#!/usr/bin/env node
'use strict';

/**
 * `npm run corpus`: runs programs of which it is known whether they leak, watched by leakguard, and
 * prints how right it was. Here are the command line and the order of work; each step has its room
 * in `corpus/`. docs/corpus.md explains the scoreboard.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { readOptions } = require('../lib/options');
const { UsageError, isUsageError, parseCount, parseList } = require('./command-line');
const { InputError } = require('./core-suite/input-error');
const { findRuntime } = require('./core-suite/runtimes');
const { CLASSES, CORPUS, HEALTHY, classOf, readLabels } = require('./corpus/labels');
const { killAll, runProgram } = require('./corpus/program-run');
const { judge, summarize } = require('./corpus/score');
const { formatScoreboard, markOf } = require('./corpus/scoreboard');
const { ROOT, buildAddon, installPackages } = require('./setup');

const MAJORS = ['20', '22', '24', '26'];
/** A program is busy for a tenth of one CPU, some for much more: three at once on each leave room. */
const JOBS_PER_CPU = 3;
const MAX_JOBS = 64;
const MAX_SECONDS = 600;

const EXIT = { reached: 0, missed: 1, usage: 64, input: 65 };

const HELP = `Usage: npm run corpus -- [options]

Runs the programs of corpus/ under leakguard and prints a scoreboard.

  --node LIST         majors, of ${MAJORS.join(',')} (default: the Node that runs this)
  --only LIST         programs, by name (default: all)
  --class LIST        of ${[...CLASSES, HEALTHY].join(',')} (default: all)
  --level LEVEL       (default: survivors)
  --sensitivity NAME  low, normal or high (default: normal)
  --interval TIME     of ticks (default: 100ms)
  --survivors TIME    of heap sampling rounds (default: 500ms)
  --seconds N         each program's working time, 1 to ${MAX_SECONDS} (default: 20)
  --jobs N            programs at once, 1 to ${MAX_JOBS} (default: ${JOBS_PER_CPU} per CPU)
  --bare              without leakguard: does each program end by itself and print nothing?
  --keep DIR          leave reports and warnings there, in NODE/PROGRAM/
  --json              print one JSON document
  --help              print this

Exit code: 0 all bounds are reached, 1 some are not, 64 wrong usage, 65 something is missing.
`;

/** @typedef {import('./corpus/labels').Label} Label */
/** @typedef {import('./corpus/score').Row} Row */
/**
 * @typedef {object} Settings
 * @property {string[] | null} majors  `null` for the Node that runs this
 * @property {Label[]} labels
 * @property {Record<string, string>} env  of leakguard
 * @property {number} seconds
 * @property {number} jobs
 * @property {boolean} bare
 * @property {string | null} keep
 * @property {boolean} json
 */

/**
 * @param {string[]} args
 * @returns {Settings | null} `null` when help is asked for
 */
function parseSettings(args) {
  const { values } = parseArgs({
    args,
    options: {
      node: { type: 'string' },
      only: { type: 'string' },
      class: { type: 'string' },
      level: { type: 'string', default: 'survivors' },
      sensitivity: { type: 'string', default: 'normal' },
      interval: { type: 'string', default: '100ms' },
      survivors: { type: 'string', default: '500ms' },
      seconds: { type: 'string', default: '20' },
      jobs: { type: 'string', default: String(JOBS_PER_CPU * os.availableParallelism()) },
      bare: { type: 'boolean', default: false },
      keep: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { level, sensitivity, interval, survivors } = values;
  // The environment only warns of a bad value and goes on without it; a measurement must not.
  readOptions(/** @type {any} */ ({ level, sensitivity, interval, survivors }));

  const all = readLabels();
  const names =
    values.only === undefined
      ? null
      : parseList(
          '--only',
          values.only,
          all.map(({ name }) => name),
        );
  const classes =
    values.class === undefined ? null : parseList('--class', values.class, [...CLASSES, HEALTHY]);
  const labels = all.filter(
    (label) => (names?.includes(label.name) ?? true) && (classes?.includes(classOf(label)) ?? true),
  );
  if (labels.length === 0) throw new UsageError('no program is both of --only and of --class');
  return {
    majors: values.node === undefined ? null : parseList('--node', values.node, MAJORS),
    labels,
    env: {
      LEAKGUARD_LEVEL: level,
      LEAKGUARD_SENSITIVITY: sensitivity,
      LEAKGUARD_INTERVAL: interval,
      LEAKGUARD_SURVIVORS: survivors,
    },
    seconds: parseCount('--seconds', values.seconds, MAX_SECONDS),
    jobs: parseCount('--jobs', values.jobs, MAX_JOBS),
    bare: values.bare,
    keep: values.keep === undefined ? null : path.resolve(values.keep),
    json: values.json,
  };
}

/** @param {string} text */
function announce(text) {
  process.stderr.write(`corpus: ${text}\n`);
}

/**
 * @param {Settings} settings
 * @returns {{ binary: string, version: string }[]}
 */
function findRuntimes({ majors }) {
  if (majors === null) return [{ binary: process.execPath, version: process.versions.node }];
  return majors.map((major) => findRuntime(ROOT, Number(major), announce));
}

/**
 * @param {{ binary: string, version: string }} runtime
 * @param {string} folder  for the reports
 * @param {Settings} settings
 * @returns {Promise<Row[]>} in the order of the labels
 */
async function runAll({ binary, version }, folder, { labels, env, seconds, jobs, bare }) {
  /** @type {Row[]} */
  const rows = [];
  let ended = 0;
  const queue = labels.entries();
  async function work() {
    for (const [index, label] of queue) {
      const run = await runProgram(path.join(CORPUS, label.file), {
        node: binary,
        register: bare ? null : path.join(ROOT, 'register.js'),
        env,
        seconds,
        folder: path.join(folder, version, label.name),
      });
      const row = judge(label, run);
      rows[index] = row;
      ended += 1;
      const outcome = bare ? (row.failure ?? 'ended by itself') : markOf(row);
      announce(`Node ${version}: ${ended}/${labels.length} ${label.name}: ${outcome}`);
      if (run.failure !== null) for (const line of run.stderr) announce(`| ${line}`);
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
  return rows;
}

async function main() {
  const settings = parseSettings(process.argv.slice(2));
  if (settings === null) {
    process.stdout.write(HELP);
    return;
  }
  for (const folder of ['.', 'corpus']) installPackages(folder);
  buildAddon();
  const runtimes = findRuntimes(settings);

  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-corpus-'));
  process.once('exit', () => {
    killAll();
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  const results = [];
  for (const runtime of runtimes) {
    const rows = await runAll(runtime, settings.keep ?? scratch, settings);
    if (settings.bare) {
      if (rows.some(({ failure }) => failure !== null)) process.exitCode = EXIT.missed;
      continue;
    }
    const summary = summarize(rows);
    if (!summary.ok) process.exitCode = EXIT.missed;
    results.push({ node: runtime.version, rows, summary });
    if (!settings.json) {
      process.stdout.write(`\n${formatScoreboard(runtime.version, rows, summary)}`);
    }
  }
  if (settings.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
}

for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(name, () => process.exit(128 + os.constants.signals[name]));
}
main().catch((error) => {
  const isUsage = isUsageError(error) || error.code === 'ERR_LEAKGUARD_OPTION';
  process.stderr.write(`corpus: ${error.message}\n`);
  if (error instanceof InputError) process.stderr.write(error.detail);
  process.exitCode = isUsage ? EXIT.usage : EXIT.input;
});
