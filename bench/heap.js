#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:heap`: what the dominators and retained sizes of a heap snapshot cost, by leakguard and by others
 * that work them out: crate `v8-heap-parser`, npm's `@heap-snapshot/tool` (its least command, which prints
 * statistics besides) and memlab. Each run is a process of its own, in turns; one that fails is shown as such, and the
 * rest goes on. The last row is the whole of `leakguard heap summary`: classes and paths are worked out too.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { findBinary } = require('../__test__/oracles/heap-snapshot');
const { UsageError, parseCount, readOrExit } = require('../scripts/command-line');
const { ROOT, bareEnvironment, buildAddon } = require('../scripts/setup');
const { installPackages, nodeBinary, runOrExit } = require('../scripts/setup');
const { summary } = require('./measure');

const HELP = `Usage: npm run bench:heap -- [options]

  --sizes LIST   of snapshots, in MB, 1 to 4000 each (default: 65,640; 2000 takes 6 GB of memory)
  --rounds N     interleaved runs of each (default: 5)
  --folder DIR   where snapshots are kept (default: a temporary folder)
  --json         prints JSON

Exit code: 0, 64 wrong usage.
`;
const MAX_MEGABYTES = 4000;
/** A run that takes longer has failed. */
const LIMIT_S = 600;
const NODE = '24';
const RIVALS = path.join(__dirname, 'rivals');

/** @param {string} name */
const built = (name) => path.join(RIVALS, 'target', 'release', name);

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {((file: string) => string[]) | undefined} command  none where it cannot be run
 */
/**
 * What a run took.
 * @typedef {object} Run
 * @property {boolean} succeeded
 * @property {string} status
 * @property {number} wallMs
 * @property {number} cpuMs
 * @property {number} peakBytes
 */
/**
 * What all runs of one took; `failure` is why there are none, or no more.
 * @typedef {object} Result
 * @property {string} name
 * @property {Record<string, ReturnType<typeof summary>>} [took]
 * @property {number} [nanosecondsPerNode]
 * @property {number} [bytesPerNode]
 * @property {string} [failure]
 */

const MEASURES = /** @type {const} */ (['wallMs', 'cpuMs', 'peakBytes']);
const OURS = 'leakguard';
const COMMAND = 'leakguard heap summary';

/** @returns {Contender[]} */
function contenders() {
  const heapSnapshot = findBinary();
  const node = nodeBinary(NODE);
  // What is not on V8's heap is not of it.
  const megabytes = Math.floor((os.totalmem() / 2 ** 20) * 0.75);
  const memlab = [`--max-old-space-size=${megabytes}`, path.join(RIVALS, 'memlab.js')];
  return [
    { name: OURS, command: (file) => [built('leakguard'), file] },
    { name: 'v8-heap-parser', command: (file) => [built('v8-heap-parser'), file] },
    {
      name: '@heap-snapshot/tool',
      command: heapSnapshot && ((file) => [heapSnapshot, 'statistics', file]),
    },
    { name: 'memlab', command: (file) => [node, ...memlab, file] },
    {
      name: COMMAND,
      command: (file) => [node, path.join(ROOT, 'bin/leakguard.js'), 'heap', 'summary', file],
    },
  ];
}

/**
 * @param {string[]} command
 * @param {string} scratch
 * @returns {Run & { stdout: string, stderr: string }}
 */
function run(command, scratch) {
  const result = path.join(scratch, 'run.json');
  fs.rmSync(result, { force: true });
  const { stdout, stderr } = spawnSync(built('measure'), [result, String(LIMIT_S), ...command], {
    encoding: 'utf8',
    env: bareEnvironment(),
    maxBuffer: 2 ** 30,
  });
  if (!fs.existsSync(result)) throw new Error(`${command.join(' ')} was not measured:\n${stderr}`);
  return { ...JSON.parse(fs.readFileSync(result, 'utf8')), stdout, stderr };
}

/** @param {ReturnType<typeof run>} failed */
function failureOf({ status, wallMs, stderr }) {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.find((line) => /error|panicked/i.test(line)) ?? lines.at(-1) ?? '';
  return `${status} after ${(wallMs / 1000).toFixed(1)} s ${reason}`.trim();
}

/**
 * @param {string} folder
 * @param {number} megabytes
 * @returns {string}
 */
function generate(folder, megabytes) {
  const file = path.join(folder, `${megabytes}.heapsnapshot`);
  if (fs.existsSync(file)) return file;
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize < megabytes * 1.1e6) {
    throw new Error(`${folder} has no room for a snapshot of ${megabytes} MB`);
  }
  process.stderr.write(`generating a snapshot of ${megabytes} MB\n`);
  const script = path.join(__dirname, 'heap-generate.js');
  // One that was not finished must not be taken for one by the next run.
  const unfinished = `${file}.part`;
  runOrExit(nodeBinary(NODE), [script, unfinished, String(megabytes)]);
  fs.renameSync(unfinished, file);
  return file;
}

/**
 * @param {string} file
 * @param {number} rounds
 * @param {string} scratch
 */
function compare(file, rounds, scratch) {
  // Brings the file into memory, too.
  const counted = run([built('leakguard'), file], scratch);
  if (!counted.succeeded) throw new Error(counted.stderr);
  const nodes = Number(counted.stdout.split(' ')[0]);
  const all = contenders();
  /** @type {Map<string, Run[]>} */
  const runs = new Map(all.map(({ name }) => [name, []]));
  /** @type {Map<string, string>} */
  const failures = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, command } of all) {
      if (failures.has(name)) continue;
      if (command === undefined) {
        failures.set(name, 'its binary does not run here');
        continue;
      }
      const done = run(command(file), scratch);
      if (done.succeeded) runs.get(name)?.push(done);
      else failures.set(name, failureOf(done));
    }
  }
  const results = [...runs].map(([name, taken]) =>
    resultOf(name, taken, failures.get(name), nodes),
  );
  const bytes = fs.statSync(file).size;
  return { bytes, nodes, results, ratios: ratiosOf(results) };
}

/**
 * @param {string} name
 * @param {Run[]} runs
 * @param {string | undefined} failure
 * @param {number} nodes
 * @returns {Result}
 */
function resultOf(name, runs, failure, nodes) {
  if (runs.length === 0) return { name, failure };
  const took = Object.fromEntries(
    MEASURES.map((measure) => [measure, summary(runs.map((run) => run[measure]))]),
  );
  return {
    name,
    took,
    nanosecondsPerNode: (took.wallMs.median * 1e6) / nodes,
    bytesPerNode: took.peakBytes.median / nodes,
    failure,
  };
}

/**
 * Ours to the best of the others, by medians.
 * @param {Result[]} results
 */
function ratiosOf(results) {
  const rivals = results.filter(({ name, took }) => took && name !== OURS && name !== COMMAND);
  const ours = results.find(({ name }) => name === OURS)?.took;
  if (ours === undefined || rivals.length === 0) return {};
  return Object.fromEntries(
    MEASURES.map((measure) => {
      const median = (/** @type {Result} */ { took }) => Number(took?.[measure].median);
      const best = rivals.reduce((least, other) => (median(other) < median(least) ? other : least));
      return [measure, { ratio: ours[measure].median / median(best), rival: best.name }];
    }),
  );
}

/** @param {number} megabytes @param {ReturnType<typeof compare>} compared */
function format(megabytes, { bytes, nodes, results, ratios }) {
  const columns = { 'wall s': 1e3, 'CPU s': 1e3, 'peak MiB': 2 ** 20 };
  const lines = [
    `${megabytes} MB: ${bytes.toLocaleString('en')} bytes, ${nodes.toLocaleString('en')} nodes; median (best-worst)`,
    `${''.padEnd(24)}${Object.keys(columns)
      .map((name) => name.padStart(24))
      .join('')}${'ns/node'.padStart(10)}${'B/node'.padStart(8)}`,
  ];
  for (const { name, took, nanosecondsPerNode = 0, bytesPerNode = 0, failure } of results) {
    if (took === undefined) {
      lines.push(`${name.padEnd(24)}  failed: ${failure}`);
      continue;
    }
    const cells = Object.values(columns).map((unit, index) => {
      const digits = unit === 1e3 ? 2 : 0;
      const { best, median, worst } = took[MEASURES[index]];
      const [least, middle, most] = [best, median, worst].map((n) => (n / unit).toFixed(digits));
      return `${middle} (${least}-${most})`.padStart(24);
    });
    const perNode = `${nanosecondsPerNode.toFixed(0).padStart(10)}${bytesPerNode.toFixed(0).padStart(8)}`;
    lines.push(`${name.padEnd(24)}${cells.join('')}${perNode}`);
    if (failure !== undefined) lines.push(`${''.padEnd(24)}  then failed: ${failure}`);
  }
  const told = Object.values(ratios).map(({ ratio, rival }, index) => {
    return `${['wall', 'CPU', 'memory'][index]} ${ratio.toFixed(2)}x of ${rival}`;
  });
  lines.push(`leakguard to the best rival: ${told.join(', ') || 'there is none'}`);
  return `${lines.join('\n')}\n\n`;
}

const { sizes, rounds, folder, json } = readOrExit(
  'bench:heap',
  () => {
    const { values } = parseArgs({
      options: {
        sizes: { type: 'string', default: '65,640' },
        rounds: { type: 'string', default: '5' },
        folder: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (values.folder !== undefined && !fs.existsSync(values.folder)) {
      throw new UsageError(`--folder: there is no '${values.folder}'`);
    }
    return {
      ...values,
      sizes: values.sizes.split(',').map((size) => parseCount('--sizes', size, MAX_MEGABYTES)),
      rounds: parseCount('--rounds', values.rounds, 100),
    };
  },
  HELP,
);

for (const packages of ['.', '__test__/runtimes', '__test__/oracles']) installPackages(packages);
buildAddon();
runOrExit('cargo', ['build', '--quiet', '--release', '--locked'], { cwd: RIVALS });
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-bench-'));
process.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
/** @type {Record<string, ReturnType<typeof compare>>} */
const all = {};
for (const megabytes of sizes) {
  const file = generate(folder ?? scratch, megabytes);
  all[megabytes] = compare(file, rounds, scratch);
  if (!json) process.stdout.write(format(megabytes, all[megabytes]));
  if (folder === undefined) fs.rmSync(file);
}
if (json) process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
