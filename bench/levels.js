#!/usr/bin/env node
'use strict';

/**
 * `npm run bench:levels`: what each level costs an HTTP service, in CPU time and in latency. Requests
 * come at a fixed rate from a process of their own, so that both sides do the same work in the same
 * time; bare, `sites` and `survivors` take turns, and each is compared with the bare run beside it.
 *
 * Intervals are the default ones, so no round of the heap's sampler falls into a run: what its samples
 * cost is in the ratio, and a round is a full collection once a minute besides. `--json` for all figures,
 * `--node`, `--rounds`, `--rate` (requests a second).
 */

const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const { parseArgs } = require('node:util');
const {
  ROOT,
  bareEnvironment,
  buildAddon,
  installPackages,
  nodeBinary,
} = require('../scripts/setup');

const RUN_SECONDS = 22;
/** The service warms up meanwhile. */
const WARM_UP_SECONDS = 2;
/** A tenth of one CPU in the service, and half of one. */
const RATES = '400,2000';
const LEVELS = /** @type {const} */ (['bare', 'sites', 'survivors']);
/** What a request computes: some 100 us of JSON, as handlers do. */
const ROWS = 200;

/** @typedef {{ cpuMs: number, p50: number, p99: number }} Sample */

if (process.argv[2] === 'service') runService();
else if (process.argv[2] === 'client') runClient(Number(process.argv[3]), Number(process.argv[4]));
else main();

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
    const client = fork(__filename, ['client', String(port), process.argv[3]], {
      execArgv: [],
      env: {},
    });
    client.on('exit', (code) => {
      if (code !== 0) throw new Error(`the client ended with ${code}`);
    });
    await once(client, 'message');
    const before = process.cpuUsage();
    const [latencies] = await once(client, 'message');
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(JSON.stringify({ cpuMs: (user + system) / 1000, ...latencies }));
    process.exit(0);
  });
}

/**
 * @param {number} port
 * @param {number} rate  requests a second
 */
function runClient(port, rate) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  /** @type {number[]} */
  let latencies = [];
  let sent = 0;
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
  }, WARM_UP_SECONDS * 1000);
  setTimeout(() => {
    clearInterval(timer);
    latencies.sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)];
    process.send?.({ p50: at(0.5), p99: at(0.99) });
  }, RUN_SECONDS * 1000);
}

/**
 * @param {string} node
 * @param {typeof LEVELS[number]} level
 * @param {string} rate
 * @returns {Promise<Sample>}
 */
async function measure(node, level, rate) {
  const guard = level === 'bare' ? [] : ['--require', path.join(ROOT, 'register.js')];
  const child = spawn(node, [...guard, __filename, 'service', rate], {
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

/** @param {number[]} numbers */
function summary(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)],
    least: sorted[0],
    most: sorted[sorted.length - 1],
  };
}

/**
 * @param {string} rate
 * @param {Record<string, Sample[]>} samples  by level
 */
function print(rate, samples) {
  const bare = summary(samples.bare.map(({ cpuMs }) => cpuMs));
  process.stdout.write(
    `${rate} requests a second; bare: ${bare.median.toFixed(0)} ms of CPU in ${RUN_SECONDS - WARM_UP_SECONDS} s (${bare.least.toFixed(0)} to ${bare.most.toFixed(0)})\n`,
  );
  for (const level of LEVELS.slice(1)) {
    const cells = /** @type {const} */ (['cpuMs', 'p50', 'p99']).map((figure) => {
      const ratios = samples[level].map((one, index) => one[figure] / samples.bare[index][figure]);
      const { median, least, most } = summary(ratios);
      const name = figure === 'cpuMs' ? 'CPU' : figure;
      return `${name} ${median.toFixed(3)} (${least.toFixed(3)} to ${most.toFixed(3)})`;
    });
    process.stdout.write(`${level.padEnd(10)} ${cells.join('   ')}\n`);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', default: '24' },
      rounds: { type: 'string', default: '5' },
      rate: { type: 'string', default: RATES },
      json: { type: 'boolean', default: false },
    },
  });
  for (const folder of ['.', '__test__/runtimes']) installPackages(folder);
  buildAddon();
  if (!values.json) {
    process.stdout.write(
      `Node ${values.node}, ratio to the bare run beside it: median (least to most)\n`,
    );
  }
  for (const rate of values.rate.split(',')) {
    /** @type {Record<string, Sample[]>} */
    const samples = { bare: [], sites: [], survivors: [] };
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const level of LEVELS) {
        samples[level].push(await measure(nodeBinary(values.node), level, rate));
        process.stderr.write(`round ${round + 1} of ${values.rounds}: ${level}\n`);
      }
    }
    if (values.json) process.stdout.write(`${JSON.stringify({ rate, samples })}\n`);
    else print(rate, samples);
  }
}
