#!/usr/bin/env node
'use strict';

/**
 * `npm run test:core`: Node's own tests, from the sources of the same major, once bare and once at
 * each level with leakguard loaded first. The promise is that nobody can tell them apart, so the
 * figure that counts is the difference, not the passes. Here are the command line, the order of work
 * and the printed result; each step has its room in `core-suite/`.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { isUsageError, parseCount, parseList } = require('./command-line.js');
const { compare, isPass } = require('./core-suite/comparison.js');
const { InputError } = require('./core-suite/input-error.js');
const { NodeSources } = require('./core-suite/node-sources.js');
const { findRuntime } = require('./core-suite/runtimes.js');
const { explanationOf } = require('./core-suite/explained.js');
const { FOLDERS, GROUPS, runsAlone, selectTests } = require('./core-suite/test-groups.js');
const { killAll, runTest } = require('./core-suite/test-process.js');

const REPOSITORY = path.resolve(__dirname, '..');
const CACHE = path.join(REPOSITORY, '.cache', 'core-suite');
const EMPTY_MODULE = path.join(__dirname, 'core-suite', 'empty.js');
const MAJORS = [20, 22, 24, 26];
const LEVELS = ['off', 'counts', 'sites', 'survivors', 'exact'];
/** Those that are run unless told otherwise. */
const DEFAULT_LEVELS = ['sites', 'survivors', 'exact'];
const ALL = 'all';
const MAX_JOBS = 64;
const SHOWN_LINES = 12;
/** Files between two lines of a log. */
const LOGGED_EACH = 250;

const EXIT = { same: 0, different: 1, usage: 64, input: 65 };

const HELP = `Usage: node scripts/core-suite.js [options]

Runs Node's own tests bare and under leakguard, and prints the difference.

  --node LIST      majors, of ${MAJORS.join(',')} (default: all)
  --group LIST     folders of tests, of ${FOLDERS.join(',')},
                   or those of the hooked functions, of ${Object.keys(GROUPS).join(',')}
                   (default: all)
  --only LIST      files by name, of those
  --require PATH   the module loaded first (default: the repository's register.js)
  --jobs N         test files at once, 1 to ${MAX_JOBS} (default: 2)
  --level LIST     LEAKGUARD_LEVEL of the guarded runs, of ${LEVELS.join(',')}
                   (default: ${DEFAULT_LEVELS.join(',')})
  --list           print the selected files and stop
  --json           print one JSON document
  --help           print this

Exit code: 0 no difference but what docs/transparency.md explains, 1 some, 64 wrong usage, 65 something needed is missing.
`;

/**
 * @typedef {object} Settings
 * @property {number[]} majors
 * @property {string[]} groups
 * @property {string} guard absolute path
 * @property {string[] | null} only  names without folders
 * @property {number} jobs
 * @property {string[]} levels of the guarded runs
 * @property {boolean} list
 * @property {boolean} json
 * @property {boolean} help
 *
 * @typedef {object} MajorResult
 * @property {number} major
 * @property {string} binary version of the binary
 * @property {string} sources version of the sources
 * @property {import('./core-suite/comparison.js').Comparison[]} comparisons
 */

/**
 * @param {string[]} args
 * @returns {Settings}
 */
function parseSettings(args) {
  const { values } = parseArgs({
    args,
    options: {
      node: { type: 'string', default: MAJORS.join(',') },
      group: { type: 'string', default: ALL },
      only: { type: 'string' },
      require: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      level: { type: 'string', default: DEFAULT_LEVELS.join(',') },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { node, group, only, level } = values;
  return {
    majors: parseList('--node', node, MAJORS.map(String)).map(Number),
    groups:
      group === ALL ? FOLDERS : parseList('--group', group, [...FOLDERS, ...Object.keys(GROUPS)]),
    only: only === undefined ? null : only.split(','),
    guard: path.resolve(values.require ?? path.join(REPOSITORY, 'register.js')),
    jobs: parseCount('--jobs', values.jobs, MAX_JOBS),
    levels: parseList('--level', level, LEVELS),
    list: values.list,
    json: values.json,
    help: values.help,
  };
}

/** One line on a terminal's standard error, rewritten in place; silent elsewhere. */
const progress = {
  /** @param {string} text */
  show(text) {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  },
  clear() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  },
  /** Slow steps that are worth a line in a log too. @param {string} text */
  announce(text) {
    progress.clear();
    process.stderr.write(`core-suite: ${text}\n`);
  },
};

/**
 * A guard that does not even load would make every file differ and say nothing new each time.
 * @param {string} binary
 * @param {Settings} settings
 */
function checkGuard(binary, { guard, levels }) {
  if (!fs.existsSync(guard)) throw new InputError(`nothing to load first: ${guard} does not exist`);
  const args = ['--require', guard, '--eval', '0'];
  const env = { ...process.env, LEAKGUARD_LEVEL: levels[0] };
  const { status, stderr } = spawnSync(binary, args, { encoding: 'utf8', env });
  if (status !== 0) throw new InputError(`${guard} does not load under ${binary}`, stderr);
  if (stderr !== '') progress.announce(`the guard says at start-up: ${stderr.split('\n', 1)[0]}`);
}

/**
 * @param {string} root
 * @param {Settings} settings
 */
function filesOf(root, { groups, only }) {
  const files = selectTests(root, groups);
  const chosen = files.filter((file) => only?.includes(path.basename(file)) ?? true);
  if (chosen.length === 0) throw new InputError(`no such test files below ${root}`);
  return chosen;
}

/**
 * @param {import('./core-suite/node-sources.js').Sources} sources
 * @param {string} binary
 * @param {string} scratch
 * @param {Settings} settings
 */
async function compareAll({ major, root }, binary, scratch, settings) {
  const files = filesOf(root, settings);
  const bare = { binary, root, scratch, guard: [], variables: {} };
  /** @type {import('./core-suite/comparison.js').Comparison[]} */
  const comparisons = [];
  let done = 0;
  /** @param {Iterator<string> & Iterable<string>} queue */
  async function work(queue) {
    for (const file of queue) {
      progress.show(`Node ${major}: ${done}/${files.length} ${path.basename(file)}`);
      const found = await compare(file, settings.levels, {
        bare: () => runTest({ ...bare, file }),
        preloaded: () => runTest({ ...bare, file, guard: ['--require', EMPTY_MODULE] }),
        guarded: (level) =>
          runTest({
            ...bare,
            file,
            guard: ['--require', settings.guard],
            variables: { LEAKGUARD_LEVEL: level },
          }),
      });
      comparisons.push(...found);
      for (const each of found) {
        const isNews = each.verdict === 'different' && explanationOf(each) === null;
        if (isNews) progress.announce(describe(each).trim());
      }
      done += 1;
      if (!process.stderr.isTTY && done % LOGGED_EACH === 0) {
        progress.announce(`Node ${major}: ${done}/${files.length}`);
      }
    }
  }
  const together = files.filter((file) => !runsAlone(file)).values();
  await Promise.all(Array.from({ length: settings.jobs }, () => work(together)));
  await work(files.filter(runsAlone).values());
  progress.clear();
  return comparisons.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** @param {import('./core-suite/test-process.js').Run[]} runs */
function outcomesOf(runs) {
  return runs.map(({ outcome }) => outcome).join(' ');
}

/** @param {import('./core-suite/comparison.js').Comparison} comparison */
function describe({ file, level, bare, guarded }) {
  return `  ${file}: bare ${outcomesOf(bare)}, at ${level} ${outcomesOf(guarded)}\n`;
}

/**
 * The first lines that say something; Node prints blank lines around a thrown error.
 * @param {import('./core-suite/test-process.js').Run | undefined} run
 * @param {number} most
 */
function firstLines(run, most) {
  const lines = (run?.output ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(0, most)
    .map((line) => `    | ${line}\n`)
    .join('');
}

/** @param {MajorResult} result */
function summarize({ major, binary, sources, comparisons }) {
  // What is the same without leakguard is looked at once.
  const files = [...new Map(comparisons.map((each) => [each.file, each])).values()];
  const different = comparisons
    .filter(({ verdict }) => verdict === 'different')
    .map((each) => ({ ...each, explanation: explanationOf(each) }));
  return {
    major,
    binary,
    sources,
    files: files.length,
    passedBare: files.filter(({ bare }) => isPass(bare[0])).length,
    skippedBare: files.filter(({ bare }) => bare[0].outcome === 'skipped').length,
    failsBare: files.filter(({ bare }) => !isPass(bare[0])),
    unsteady: comparisons.filter(({ verdict }) => verdict === 'unsteady'),
    preload: comparisons.filter(({ verdict }) => verdict === 'preload'),
    explained: different.filter(({ explanation }) => explanation !== null),
    differences: different.filter(({ explanation }) => explanation === null),
  };
}

/** @param {MajorResult} result */
function printMajor(result) {
  const summary = summarize(result);
  let text = `Node ${summary.binary}, tests of ${summary.sources}: ${summary.files} files, `;
  text += `${summary.passedBare} passed bare (${summary.skippedBare} skipped themselves), `;
  text += `${summary.differences.length} unexplained differences, `;
  text += `${summary.explained.length} explained, ${summary.preload.length} of any preloaded module\n`;
  if (summary.failsBare.length > 0) text += ' fails bare:\n';
  for (const each of summary.failsBare) {
    text += `  ${each.file}: ${outcomesOf(each.bare)}\n${firstLines(each.bare[0], 2)}`;
  }
  if (summary.unsteady.length > 0) text += ' unsteady, the same on repeats:\n';
  for (const each of summary.unsteady) text += describe(each);
  if (summary.preload.length > 0) text += ' the same with an empty module loaded first:\n';
  for (const each of summary.preload) text += describe(each);
  if (summary.explained.length > 0) text += ' explained in docs/transparency.md:\n';
  for (const each of summary.explained) text += `${describe(each)}    ${each.explanation}\n`;
  if (summary.differences.length > 0) text += ' differences:\n';
  for (const each of summary.differences) {
    const known = new Set(each.bare.map(({ outcome }) => outcome));
    const odd = each.guarded.find(({ outcome }) => !known.has(outcome));
    text += describe(each) + firstLines(odd, SHOWN_LINES);
  }
  process.stdout.write(text);
}

/** @param {string[]} args */
async function main(args) {
  const settings = parseSettings(args);
  if (settings.help) {
    process.stdout.write(HELP);
    return EXIT.same;
  }
  const store = new NodeSources(CACHE, progress.announce);
  /** @type {MajorResult[]} */
  const results = [];
  /** @type {Record<string, string[]>} */
  const lists = {};
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'core-suite-'));
  const removeScratch = () => fs.rmSync(scratch, { recursive: true, force: true });
  process.once('exit', removeScratch);
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])) {
    process.once(signal, () => {
      killAll();
      process.exit(code);
    });
  }

  for (const major of settings.majors) {
    const { binary, version } = findRuntime(REPOSITORY, major, progress.announce);
    if (!settings.list) checkGuard(binary, settings);
    const sources = store.fetch(version);
    if (settings.list) {
      lists[major] = filesOf(sources.root, settings);
      if (!settings.json) {
        process.stdout.write(lists[major].map((file) => `node${major} ${file}\n`).join(''));
      }
      continue;
    }
    const comparisons = await compareAll(sources, binary, scratch, settings);
    results.push({ major, binary: version, sources: sources.version, comparisons });
    if (!settings.json) printMajor(results[results.length - 1]);
  }
  if (settings.list) {
    if (settings.json) process.stdout.write(`${JSON.stringify(lists, null, 2)}\n`);
    return EXIT.same;
  }

  const majors = results.map(summarize);
  const failed = majors.reduce((sum, { differences }) => sum + differences.length, 0);
  if (settings.json) {
    process.stdout.write(`${JSON.stringify({ failed, majors }, null, 2)}\n`);
  } else {
    const compared = results.reduce((sum, { comparisons }) => sum + comparisons.length, 0);
    process.stdout.write(`${compared} compared, ${failed} unexplained differences\n`);
  }
  return failed === 0 ? EXIT.same : EXIT.different;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    progress.clear();
    if (isUsageError(error)) {
      process.stderr.write(`core-suite: ${error.message}\n${HELP}`);
      process.exitCode = EXIT.usage;
    } else if (error instanceof InputError) {
      const detail = error.detail.trim();
      process.stderr.write(`core-suite: ${error.message}\n${detail === '' ? '' : `${detail}\n`}`);
      process.exitCode = EXIT.input;
    } else {
      process.stderr.write(`${error.stack}\n`);
      process.exitCode = 70;
    }
  },
);
