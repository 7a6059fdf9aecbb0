#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:levels`: what each level costs an HTTP service, in CPU time and in latency. Requests
 * come at a fixed rate from a process of their own, so that both sides do the same work in the same
 * time. A bare service and a guarded one run at the same time, each with its client on a CPU of its
 * own, then once more with the CPUs exchanged: what disturbs the machine disturbs both, and what one
 * CPU has over the other cancels. A pair of bare services, treated alike, tells how far to trust that.
 *
 * Intervals are the default ones. Rounds of the heap's sampler come once a minute; where much is
 * allocated its samples draw apart after 16 seconds, as a rule for good. `--warm-up 60 --seconds 60`
 * measures a minute with a round. The CPU time of a second scatters by a tenth here: to tell one per
 * cent takes five minutes of each side.
 */

const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { parseCount, parseList, readOrExit } = require('../scripts/command-line');
const {
  ROOT,
  bareEnvironment,
  buildAddon,
  installPackages,
  nodeBinary,
} = require('../scripts/setup');
const { standardError, summary } = require('./measure');

/** A tenth of one CPU in the service, and half of one. */
const RATES = '400,2000';
/** Compared with a bare service; the first is the control. */
const LEVELS = ['bare', 'sites', 'survivors'];
const CPUS = ['0', '1'];
const MAX_COUNT = 3600;
const FIGURES = /** @type {const} */ ({ cpuMs: 'CPU', p50: 'p50', p99: 'p99' });

const HELP = `Usage: npm run bench:levels -- [options]

  --node MAJOR   (default: 24)
  --rate LIST    requests a second, each measured for itself (default: ${RATES})
  --level LIST   compared with a bare service (default: ${LEVELS.join()}; bare is the control)
  --rounds N     pairs of runs of each level (default: 3)
  --warm-up N    seconds of a run that are not measured (default: 4)
  --seconds N    and those that are (default: 20)
  --json         print all figures, one line for each rate
`;
/** Scatters by 5 to 10 % against the same one beside it, which tells how far to trust the whole. */
const BLOCK_MS = 10_000;
/** What a request computes: some 100 us of JSON, as handlers do. */
const ROWS = 200;

/** @typedef {Record<keyof typeof FIGURES, number>} Sample  CPU time and latencies, in ms */
/** @typedef {Sample & { blocks: number[] }} Measured  with the CPU time of each ten seconds */
/** @typedef {{ node: string, rate: string, warmUp: number, seconds: number }} Load */

if (process.argv[2] === 'service') runService();
else if (process.argv[2] === 'client') runClient(...process.argv.slice(3).map(Number));
else void main();

function runService() {
  const sessions = new Map();
  const server = http.createServer((request, response) => {
    const timer = setTimeout(() => response.destroy(), 30_000);
    response.on('close', () => clearTimeout(timer));
    sessions.set(request.url, Date.now());
    const rows = Array.from({ length: ROWS }, (_, id) => ({ id, name: `row ${id}`, even: id % 2 }));
    response.end(JSON.stringify(rows.filter(({ even }) => even === 0)));
  });
  server.listen(0, '127.0.0.1', async () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const client = fork(__filename, ['client', String(port), ...process.argv.slice(3)], {
      execArgv: [],
      env: {},
    });
    client.on('exit', (code) => {
      if (code !== 0) throw new Error(`the client ended with ${code}`);
    });
    await once(client, 'message');
    const cpuMs = () => Object.values(process.cpuUsage()).reduce((sum, us) => sum + us / 1000, 0);
    const start = cpuMs();
    let blockStart = start;
    /** @type {number[]} */
    const blocks = [];
    setInterval(() => {
      blocks.push(cpuMs() - blockStart);
      blockStart += blocks[blocks.length - 1];
    }, BLOCK_MS);
    const [latencies] = await once(client, 'message');
    process.stdout.write(JSON.stringify({ cpuMs: cpuMs() - start, blocks, ...latencies }));
    process.exit(0);
  });
}

/**
 * @param {number[]} load  port, requests a second, and the seconds before they count and while they do
 */
function runClient(...[port, rate, warmUp, seconds]) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  /** @type {number[]} */
  let latencies = [];
  let sent = 0;
  let isOver = false;
  const start = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1000) * rate;
    for (; sent < due; sent += 1) {
      // From when it was due: a service that stands still must not hide its own pause.
      const dueAt = start + (sent / rate) * 1000;
      const item = `/item/${sent % 500}`;
      const get = () => {
        const request = http.get({ port, host: '127.0.0.1', agent, path: item }, (response) => {
          response.resume().on('end', () => latencies.push(performance.now() - dueAt));
        });
        // The service may close an idle connection just when it is used again: clients send anew.
        request.once('error', (error) => {
          if (isOver) return;
          if (!request.reusedSocket) throw error;
          get();
        });
      };
      get();
    }
  }, 1);
  setTimeout(() => {
    latencies = [];
    process.send?.('warm');
  }, warmUp * 1000);
  setTimeout(
    () => {
      isOver = true;
      clearInterval(timer);
      latencies.sort((a, b) => a - b);
      const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)];
      process.send?.({ p50: at(0.5), p99: at(0.99) });
    },
    (warmUp + seconds) * 1000,
  );
}

/**
 * @param {string} level
 * @param {string} cpu  that it shares with its client
 * @param {Load} load
 * @returns {Promise<Measured>}
 */
async function measure(level, cpu, { node, rate, warmUp, seconds }) {
  const guard = level === 'bare' ? [] : ['--require', path.join(ROOT, 'register.js')];
  const service = [...guard, __filename, 'service', rate, String(warmUp), String(seconds)];
  const child = spawn('taskset', ['--cpu-list', cpu, nodeBinary(node), ...service], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...bareEnvironment(), LEAKGUARD_LEVEL: level === 'bare' ? 'off' : level },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the service ended with ${code}`);
  return JSON.parse(output);
}

/**
 * @param {string} level
 * @param {Load} load
 * @returns {Promise<Measured>} ratios to a bare service
 */
async function compare(level, load) {
  /** @type {Sample[]} */
  const ratios = [];
  /** @type {number[]} */
  const blocks = [];
  for (const [own, other] of [CPUS, CPUS.toReversed()]) {
    const [guarded, bare] = await Promise.all([
      measure(level, own, load),
      measure('bare', other, load),
    ]);
    ratios.push(overFigures((figure) => guarded[figure] / bare[figure]));
    const length = Math.min(guarded.blocks.length, bare.blocks.length);
    for (let at = 0; at < length; at += 1) blocks.push(guarded.blocks[at] / bare.blocks[at]);
  }
  return { ...overFigures((figure) => Math.sqrt(ratios[0][figure] * ratios[1][figure])), blocks };
}

/**
 * @param {(figure: keyof Sample) => number} value
 * @returns {Sample}
 */
function overFigures(value) {
  return { cpuMs: value('cpuMs'), p50: value('p50'), p99: value('p99') };
}

/**
 * @param {string} level
 * @param {Measured[]} ratios
 */
function print(level, ratios) {
  const cells = Object.entries(FIGURES).map(([figure, name]) => {
    const { best, median, worst } = summary(
      ratios.map((one) => one[/** @type {keyof Sample} */ (figure)]),
    );
    return `${name} ${median.toFixed(3)} (${best.toFixed(3)} to ${worst.toFixed(3)})`;
  });
  const error = standardError(ratios.flatMap(({ blocks }) => blocks));
  if (error !== null) cells[0] += ` ± ${error.toFixed(3)}`;
  process.stdout.write(`${level.padEnd(10)} ${cells.join('   ')}\n`);
}

function readSettings() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', default: '24' },
      rate: { type: 'string', default: RATES },
      level: { type: 'string', default: LEVELS.join() },
      rounds: { type: 'string', default: '3' },
      'warm-up': { type: 'string', default: '4' },
      seconds: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    levels: parseList('--level', values.level, LEVELS),
    rounds: parseCount('--rounds', values.rounds, MAX_COUNT),
    warmUp: parseCount('--warm-up', values['warm-up'], MAX_COUNT),
    seconds: parseCount('--seconds', values.seconds, MAX_COUNT),
  };
}

async function main() {
  const settings = readOrExit('levels', readSettings, HELP);
  if (settings.help) {
    process.stdout.write(HELP);
    return;
  }
  const { node, levels, rounds, warmUp, seconds, json } = settings;
  for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
  buildAddon();
  for (const rate of settings.rate.split(',')) {
    const load = { node, rate, warmUp, seconds };
    /** @type {Record<string, Measured[]>} */
    const ratios = Object.fromEntries(levels.map((level) => [level, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const level of levels) {
        ratios[level].push(await compare(level, load));
        process.stderr.write(`${rate} a second, round ${round} of ${rounds}: ${level}\n`);
      }
    }
    if (json) {
      process.stdout.write(`${JSON.stringify({ node, rate, ratios })}\n`);
      continue;
    }
    process.stdout.write(
      `Node ${node}, ${rate} requests a second, ratio to a bare service beside it: median (least to most) ± standard error\n`,
    );
    for (const level of levels) print(level, ratios[level]);
  }
}
