'use strict';

/**
 * `npm run bench`: what leakguard costs. Each measurement is a pair of fresh processes, bare and
 * guarded, in turns; noise only adds, so the best of each is compared, and the median and the spread
 * are printed beside it. `npm run bench -- --node 24 --rounds 3` for a quick look, `--json` for all.
 */

const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('../scripts/command-line');
const { ROOT, buildAddon, installPackages, nodeBinary } = require('../scripts/setup');
const { runNode, summary } = require('./measure');

const VERSIONS = '20,22,24,26';
/** Each takes minutes. */
const MAX_ROUNDS = 1000;

const { values, rounds } = readOrExit('bench', () => {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', default: VERSIONS },
      rounds: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
    },
  });
  return { values, rounds: parseCount('--rounds', values.rounds, MAX_ROUNDS) };
});

const REGISTER = ['--require', path.join(ROOT, 'register.js')];

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} unit
 * @property {ReturnType<typeof summary>} bare
 * @property {ReturnType<typeof summary>} guarded
 */

/**
 * @param {string} unit
 * @param {(guarded: boolean) => Record<string, number>} measure
 * @returns {Row[]}
 */
function compare(unit, measure) {
  /** @type {Map<string, { bare: number[], guarded: number[] }>} */
  const all = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const side of /** @type {const} */ (['bare', 'guarded'])) {
      for (const [name, value] of Object.entries(measure(side === 'guarded'))) {
        const entry = all.get(name) ?? { bare: [], guarded: [] };
        entry[side].push(value);
        all.set(name, entry);
      }
    }
  }
  return [...all].map(([name, { bare, guarded }]) => ({
    name,
    unit,
    bare: summary(bare),
    guarded: summary(guarded),
  }));
}

/** @param {string} node */
function startUp(node) {
  return compare('ms', (guarded) => {
    const start = performance.now();
    runNode(node, [...(guarded ? REGISTER : []), '-e', '0']);
    return { 'start-up': performance.now() - start };
  });
}

/** @param {string} node */
function operations(node) {
  const file = path.join(__dirname, 'operations.js');
  return compare('ns', (guarded) =>
    JSON.parse(runNode(node, [...(guarded ? REGISTER : []), file])),
  );
}

/** @param {string} node */
function http(node) {
  const file = path.join(__dirname, 'http.js');
  const rows = compare('', (guarded) =>
    JSON.parse(runNode(node, [...(guarded ? REGISTER : []), file])),
  );
  const about = {
    cpu: { name: 'CPU per HTTP request', unit: 'us' },
    rss: { name: 'memory of that service', unit: 'MiB' },
  };
  return rows.map((row) => ({ ...row, ...about[/** @type {keyof typeof about} */ (row.name)] }));
}

/** @param {Row} row */
function formatRow({ name, unit, bare, guarded }) {
  /** @param {ReturnType<typeof summary>} side */
  const side = ({ best, median, worst }) =>
    `${best.toFixed(1).padStart(9)} ${median.toFixed(1).padStart(9)} ${`±${(((worst - best) / median) * 50).toFixed(0)} %`.padStart(7)}`;
  const added = guarded.best - bare.best;
  const ratio = `${(guarded.best / bare.best).toFixed(2)}x`;
  return `${name.padEnd(32)}${unit.padEnd(4)}${side(bare)}${side(guarded)}${added.toFixed(1).padStart(10)}${ratio.padStart(8)}`;
}

const HEADER = `${''.padEnd(36)}${'bare best   median  spread'.padStart(27)}${'guarded best   median  spread'.padStart(29)}${'added'.padStart(8)}${'ratio'.padStart(8)}`;

for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
buildAddon();

/** @type {Record<string, unknown>} */
const results = {};
for (const version of values.node.split(',')) {
  const node = nodeBinary(version);
  const rows = [...operations(node), ...startUp(node), ...http(node)];
  const tick = JSON.parse(runNode(node, [path.join(__dirname, 'tick.js')]));
  results[version] = { rows, tick };
  if (values.json) continue;
  process.stdout.write(
    `\nNode ${runNode(node, ['-p', 'process.version']).trim()}, best of ${rounds} interleaved runs\n`,
  );
  process.stdout.write(`${HEADER}\n${rows.map(formatRow).join('\n')}\n`);
  process.stdout.write(
    `tick with ${tick.tracked} subjects: best ${tick.best.toFixed(2)} ms, median ${tick.median.toFixed(2)} ms, worst ${tick.worst.toFixed(2)} ms\n`,
  );
}
if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
