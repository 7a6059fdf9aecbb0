'use strict';

/**
 * `npm run demo`: a real service with four leaks and four look-alikes, under load, watched by
 * `leakguard run`. Sets itself up, ends by itself in under a minute, and fails when a leak is missed
 * or blamed on the wrong line, or when healthy code is accused.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { readMarkers, score } = require('./demo/score');
const { Timeline, paint, print } = require('./demo/timeline');
const { Warnings } = require('./demo/warnings');
const { ROOT, buildAddon, installPackages } = require('./setup');

const SERVICE = path.join(ROOT, 'demo', 'service.js');
const LOAD = path.join(ROOT, 'demo', 'load.js');
const CLI = path.join(ROOT, 'bin', 'leakguard.js');

/** A tenth of the default, so that half a minute stands for five. */
const INTERVAL = '100ms';
const LOAD_SECONDS = 30;
/** The whole run, should something hang. */
const MAX_RUN_MS = 55_000;

/**
 * Runs the service under leakguard and the load beside it, and shows what they say.
 * @param {string} reportFile  written by leakguard
 * @returns {Promise<Map<string, number>>} ms after which each line was warned of, by `file:line`
 */
async function watchUnderLoad(reportFile) {
  const timeline = new Timeline();
  const warnings = new Warnings(timeline);
  const signal = AbortSignal.timeout(MAX_RUN_MS);

  const command = ['run', '--interval', INTERVAL, '--report', reportFile, '--'];
  const service = spawn(process.execPath, [CLI, ...command, process.execPath, SERVICE], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  process.once('exit', () => service.kill());
  const serviceEnds = once(service, 'close');
  let isOver = false;
  readline.createInterface(service.stderr).on('line', (text) => {
    if (isOver) print(text);
    else warnings.read(text);
  });
  const output = readline.createInterface(service.stdout);
  output.on('line', (text) => timeline.tell('service', [text]));
  const [greeting] = await Promise.race([once(output, 'line'), serviceEnds]);
  const url = /http:\S+/.exec(greeting)?.[0];
  if (url === undefined) throw new Error('the service did not listen');

  const load = spawn(process.execPath, [LOAD, url, String(LOAD_SECONDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  process.once('exit', () => load.kill());
  const loadEnds = once(load, 'close');
  readline.createInterface(load.stdout).on('line', (text) => timeline.tell('load', [text]));
  const [loadCode] = await loadEnds;
  if (loadCode !== 0) throw new Error('the load failed');

  print(paint('bold', '\nThe service is told to end, and leakguard writes its report\n'));
  isOver = true;
  service.kill('SIGTERM');
  const [serviceCode] = await serviceEnds;
  if (serviceCode !== 0) throw new Error(`the service ended with ${serviceCode}`);
  return warnings.firstMs;
}

/** @param {import('./demo/score').Score} result */
function printScore({ lines, strangers, ok }) {
  print(paint('bold', '\nThe report against the marked lines of demo/service.js\n'));
  for (const { marker, ok: right, verdict } of lines) {
    const mark = right ? paint('green', 'ok  ') : paint('red', 'FAIL');
    const role = marker.role.padEnd(8);
    print(
      `  ${mark}  ${role} ${marker.name.padEnd(25)} ${`line ${marker.line}:`.padEnd(10)}${verdict}`,
    );
  }
  for (const stranger of strangers) print(`  ${paint('red', 'FAIL')}  also accused: ${stranger}`);
  const leaks = lines.filter(({ marker }) => marker.role === 'leak');
  const found = leaks.filter(({ ok: right }) => right).length;
  const accused = lines.filter(({ marker, ok: right }) => marker.role === 'healthy' && !right);
  const alarms = accused.length + strangers.length;
  const sum = `${found} of ${leaks.length} leaks found at the right line, ${alarms} false alarms`;
  print(paint(ok ? 'green' : 'red', `\n  ${sum}\n`));
}

async function main() {
  for (const folder of ['.', 'demo']) installPackages(folder);
  buildAddon();

  const markers = readMarkers(fs.readFileSync(SERVICE, 'utf8'));
  print(paint('bold', '\nA shop on Express, under load for half a minute\n'));
  print(
    'Four lines of demo/service.js leak, four look like it and are healthy. It knows nothing of',
  );
  print(`leakguard: leakguard run --interval ${INTERVAL} -- node demo/service.js\n`);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-demo-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const reportFile = path.join(folder, 'report.json');
  const warnedAfterMs = await watchUnderLoad(reportFile);
  const report = JSON.parse(fs.readFileSync(reportFile, 'utf8'));
  const result = score(report, SERVICE, markers, warnedAfterMs);
  printScore(result);
  process.exitCode = result.ok ? 0 : 1;
}

for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(name, () => process.exit(128 + os.constants.signals[name]));
}
main().catch((error) => {
  process.stderr.write(`demo: ${error.message}\n`);
  process.exit(1);
});
