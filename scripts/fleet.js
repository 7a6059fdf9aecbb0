#!/usr/bin/env node
'use strict';

/**
 * `npm run fleet`: Prometheus with the shipped rules over many processes. Some are real, of three releases, the newest
 * of which leaks; the others are texts of one server, made of a real one's. Prints what a scrape and the questions cost.
 * Ends with 1 where the line that leaks does not rank first, where no alert fires for it, where one fires for anything
 * else of the real ones, or where a scrape is too dear.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { setTimeout } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { parseCount, readOrExit } = require('./command-line');
const { query, startPrometheus } = require('./fleet/prometheus');
const { readRulesOfSeconds } = require('./fleet/rules');
const {
  ROOT,
  bareEnvironment,
  buildAddon,
  installPackages,
  installPrometheus,
  linkPackage,
  nodeBinary,
} = require('./setup');

const METRICS = '__test__/fixtures/metrics';
const MAX = 10_000;
/** In the order in which they begin; the last one leaks. */
const RELEASES = ['1.0.0', '1.1.0', '1.2.0'];
/** Of the texts. */
const LEAKS_ONE_IN = 20;
const MAX_SCRAPE_SECONDS = 0.005;
const MAX_SCRAPE_BYTES = 100_000;
/** An alert may be so late: rules and what they wait for are asked every few seconds. */
const ALERT_POLLS = 30;
const ALERT_POLL_MS = 2000;
/** What a leak is to be told by, once each: it is of the newest release. */
const ALERTS = ['LeakguardLeak', 'LeakguardNewLeak'];
/** One server answers for all of them: at the pace of the real ones it would be what is measured. */
const SYNTHETIC_SLOWER = 6;
const QUESTIONS = [
  'sort_desc(topk(20, job_signature:leakguard_finding_size_growth_bytes_per_second:sum))',
  'bottomk(20, job_instance:leakguard_heap_time_to_limit_seconds:min)',
  'job_version_signature:leakguard_finding_info:new',
  'job_signature:leakguard_finding_info:leaks_ratio',
];

const options = readOrExit('npm run fleet', () => {
  const { values } = parseArgs({
    options: {
      processes: { type: 'string', default: '60' },
      synthetic: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '120' },
      'scrape-seconds': { type: 'string', default: '5' },
      'no-build': { type: 'boolean', default: false },
    },
  });
  return {
    processes: parseCount('--processes', values.processes, MAX),
    synthetic: parseCount('--synthetic', values.synthetic, MAX),
    seconds: parseCount('--seconds', values.seconds, MAX),
    every: parseCount('--scrape-seconds', values['scrape-seconds'], MAX),
    build: !values['no-build'],
  };
});

/** What is to be ended, the last first. @type {(() => unknown)[]} */
const cleanups = [];

/** @param {number} index */
function releaseOf(index) {
  const { processes } = options;
  const fromLast = Math.floor(((processes - 1 - index) * RELEASES.length) / processes);
  return /** @type {string} */ (RELEASES.at(-1 - fromLast));
}

/** @param {number} index */
async function startService(index) {
  const release = releaseOf(index);
  const behaviour = release === RELEASES.at(-1) ? 'leaks' : 'healthy';
  const file = path.join(ROOT, METRICS, 'fleet-service.js');
  const service = spawn(nodeBinary('24'), [file, behaviour, '1s'], {
    env: { ...bareEnvironment(), LEAKGUARD_RELEASE: release },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanups.push(() => service.kill('SIGKILL'));
  const [port] = await once(service.stdout, 'data');
  return `127.0.0.1:${`${port}`.trim()}`;
}

/**
 * A server that answers for all instances that are not there, with the text of one that leaks: every twentieth has the
 * finding, under a signature of one of ten.
 * @param {string} address  of one that leaks
 */
async function startSynthetic(address) {
  const server = http.createServer(async (request, response) => {
    const index = Number(new URL(request.url ?? '', 'http://x').searchParams.get('index'));
    const text = await latest();
    const isLeaking = index % LEAKS_ONE_IN === 0;
    const lines = text.split('\n').filter((line) => isLeaking || !/^leakguard_finding_/.test(line));
    const signature = `signature="${String(Math.floor(index / LEAKS_ONE_IN) % 10).padStart(16, '0')}"`;
    response.end(lines.join('\n').replaceAll(/signature="\w+"/g, signature));
  });
  let text = '';
  let readAt = 0;
  async function latest() {
    if (Date.now() - readAt > 1000) {
      readAt = Date.now();
      text = await (await fetch(`http://${address}/metrics`)).text();
    }
    return text;
  }
  await latest();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return `127.0.0.1:${port}`;
}

async function main() {
  const { processes, synthetic, seconds, every } = options;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-fleet-'));
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  const real = [];
  for (let index = 0; index < processes; index += 1) real.push(await startService(index));
  const address = await startSynthetic(/** @type {string} */ (real.at(-1)));
  const { ask, stop } = await startPrometheus({
    folder,
    rules: readRulesOfSeconds(),
    interval: `${every}s`,
    scrapes: [
      { job_name: 'real', static_configs: [{ targets: real }] },
      {
        job_name: 'synthetic',
        scrape_interval: `${SYNTHETIC_SLOWER * every}s`,
        static_configs: [{ targets: Array.from({ length: synthetic }, (_, at) => `${at}`) }],
        relabel_configs: [
          { source_labels: ['__address__'], target_label: '__param_index' },
          { source_labels: ['__address__'], target_label: 'instance' },
          { target_label: '__address__', replacement: address },
        ],
      },
    ],
  });
  cleanups.push(stop);
  // Long enough for findings and for several rounds of scrapes; what is measured is in the store afterwards.
  await setTimeout(seconds * 1000);

  const print = async (/** @type {string} */ what, /** @type {string} */ expression) => {
    const result = await query(ask, expression);
    for (const { metric, value } of result) {
      process.stdout.write(`${what}, ${metric.job ?? 'all'}: ${Number(value[1]).toPrecision(3)}\n`);
    }
  };
  await print('instances that answer', 'sum by (job) (up)');
  await print('scrape, mean s', 'avg by (job) (scrape_duration_seconds)');
  await print('scrape, longest s', 'max by (job) (scrape_duration_seconds)');
  await print('samples of a scrape', 'avg by (job) (scrape_samples_scraped)');
  await print('series', 'sum by (job) (scrape_samples_post_metric_relabeling)');
  const bytes = [];
  for (const target of real) {
    const text = await (await fetch(`http://${target}/metrics`)).text();
    bytes.push(Buffer.byteLength(text));
  }
  process.stdout.write(`bytes of a scrape: ${Math.min(...bytes)} to ${Math.max(...bytes)}\n`);
  const { groups } = await ask('rules');
  for (const { name, evaluationTime } of groups) {
    process.stdout.write(`rules ${name}: ${evaluationTime.toPrecision(3)} s\n`);
  }
  for (const question of QUESTIONS) {
    const start = performance.now();
    const { length } = await query(ask, question);
    const ms = (performance.now() - start).toFixed(1);
    process.stdout.write(`${ms} ms, ${length} answers: ${question}\n`);
  }
  const cost = 'job_signature:leakguard_finding_size_growth_bytes_per_second:sum{job="real"}';
  const [first] = await query(ask, `sort_desc(${cost})`);
  const place = 'job_signature_place:leakguard_finding_info:count{job="real"}';
  const places = await query(ask, place);
  const guilty = places.find(({ metric }) => metric.code_function_name === 'serveRequest');
  const signature = guilty?.metric.signature;
  const [duration] = await query(ask, 'avg(scrape_duration_seconds{job="real"})');
  const fired = await alertsOfReal(ask, signature);
  const leaking = 'count by (service_version) (leakguard_finding_info{job="real",severity="leak"})';
  const leaks = (await query(ask, leaking)).map(({ metric }) => metric.service_version);
  const wanted = ALERTS.map((name) => `${name} ${signature}`);
  /** @type {[goal: string, isReached: boolean][]} */
  const goals = [
    ['every process answers', (await query(ask, 'up{job="real"} == 1')).length === processes],
    [
      'the line that leaks ranks first',
      signature !== undefined && first?.metric.signature === signature,
    ],
    ['alerts fire for it', wanted.every((alert) => fired.includes(alert))],
    ['and for nothing else', fired.every((alert) => wanted.includes(alert))],
    ['no other release has a leak', leaks.every((release) => release === RELEASES.at(-1))],
    ['a scrape takes 5 ms at most', Number(duration?.value[1]) <= MAX_SCRAPE_SECONDS],
    ['and 100 KB', Math.max(...bytes) <= MAX_SCRAPE_BYTES],
  ];
  process.stdout.write(`alerts that fire for the real ones: ${fired.join(', ') || 'none'}\n`);
  for (const [goal, isReached] of goals) {
    process.stdout.write(`${goal}: ${isReached ? 'yes' : 'no'}\n`);
    if (!isReached) process.exitCode = 1;
  }
}

/**
 * Waits for those that are to come.
 * @param {import('./fleet/prometheus').Ask} ask
 * @param {string | undefined} signature  of the leak; undefined: none is to come
 * @returns {Promise<string[]>} names of all that fire, with signature or instance
 */
async function alertsOfReal(ask, signature) {
  for (let poll = 0; ; poll += 1) {
    const { alerts } = await ask('alerts');
    const fired = alerts
      .filter((/** @type {any} */ it) => it.state === 'firing' && it.labels.job === 'real')
      .map((/** @type {any} */ { labels }) => {
        return `${labels.alertname} ${labels.signature ?? labels.instance}`;
      });
    const isComplete = ALERTS.every((name) => fired.includes(`${name} ${signature}`));
    if (isComplete || signature === undefined || poll === ALERT_POLLS) return fired;
    await setTimeout(ALERT_POLL_MS);
  }
}

for (const room of ['.', '__test__/runtimes', METRICS]) installPackages(room);
installPrometheus();
if (options.build) buildAddon();
linkPackage(METRICS);
main().finally(async () => {
  for (const clean of cleanups.reverse()) await clean();
});
