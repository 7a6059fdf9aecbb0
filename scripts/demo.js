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
const { styleText } = require('node:util');
const { readMarkers, score } = require('./demo/score');
const { ROOT, buildAddon, installPackages } = require('./setup');

const SERVICE = path.join(ROOT, 'demo', 'service.js');
const LOAD = path.join(ROOT, 'demo', 'load.js');
const CLI = path.join(ROOT, 'bin', 'leakguard.js');

/** Ten times as fast as by default, so that half a minute stands for five. */
const INTERVAL_MS = 100;
const LOAD_SECONDS = 30;
/** The whole run, should something hang. */
const MAX_RUN_MS = 55_000;
/** Columns of the time and of who speaks. */
const MARGIN = 19;

/** @typedef {Parameters<typeof styleText>[0]} Style */

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * @param {Style} style
 * @param {string} text
 */
function paint(style, text) {
  return coloured ? styleText(style, text) : text;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * A line of the timeline.
 * @param {number} startMs
 * @param {string} speaker
 * @param {string} text
 */
function tell(startMs, speaker, text) {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(5);
  print(`${paint('dim', `${seconds} s  ${speaker.padEnd(MARGIN - 9)}`)}${text}`);
}

/**
 * Text of several lines at the foot of the first, none longer than the terminal.
 * @param {string} text
 */
function indent(text) {
  const width = Math.max(60, Math.min(process.stdout.columns ?? 110, 110) - MARGIN);
  const lines = text.match(new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S+`, 'g')) ?? [];
  return lines.map((line) => line.trimEnd()).join(`\n${' '.repeat(MARGIN)}`);
}

/** Headings of warnings, as Node prints them: the process, the code and the name go in the margin. */
const WARNING = /^\(node:\d+\) \[LEAKGUARD_\w+\] LeakWarning: /;
const NODE_HINT = /^\(Use `.*--trace-warnings/;

/**
 * Reads what the service and leakguard say on standard error.
 * @param {readline.Interface} lines
 * @param {number} startMs
 * @param {import('./demo/score').Marker[]} markers
 */
function followWarnings(lines, startMs, markers) {
  /** @type {Map<import('./demo/score').Marker, number>} */
  const warnedAfterMs = new Map();
  let inReport = false;
  lines.on('line', (text) => {
    if (NODE_HINT.test(text)) return;
    if (inReport) {
      print(text);
    } else if (WARNING.test(text)) {
      tell(
        startMs,
        paint('yellow', 'leakguard '),
        paint('bold', indent(text.replace(WARNING, ''))),
      );
    } else {
      print(`${' '.repeat(MARGIN)}${indent(text)}`);
    }
    for (const marker of inReport ? [] : markers) {
      if (text.includes(`${SERVICE}:${marker.line}:`) && !warnedAfterMs.has(marker)) {
        warnedAfterMs.set(marker, performance.now() - startMs);
      }
    }
  });
  return {
    warnedAfterMs,
    startReport() {
      inReport = true;
    },
  };
}

/**
 * @param {import('./demo/score').Score} result
 */
function printScore({ lines, strangers, ok }) {
  print(
    paint(
      'bold',
      '\nThe score: planted and look-alike lines of demo/service.js against the report\n',
    ),
  );
  for (const { marker, ok: right, verdict } of lines) {
    const mark = right ? paint('green', 'ok  ') : paint('red', 'FAIL');
    const where = `line ${marker.line}`.padStart(8);
    const what = `${marker.role === 'leak' ? 'leak   ' : 'healthy'}  ${marker.name}`;
    print(`  ${mark}  ${where}  ${what.padEnd(34)}${verdict}`);
  }
  for (const stranger of strangers) print(`  ${paint('red', 'FAIL')}  also accused: ${stranger}`);
  const leaks = lines.filter(({ marker }) => marker.role === 'leak');
  const found = leaks.filter(({ ok: right }) => right).length;
  const accused = lines.filter(
    ({ marker, ok: right }) => marker.role === 'healthy' && !right,
  ).length;
  print(
    paint(
      ok ? 'green' : 'red',
      `\n  ${found} of ${leaks.length} leaks found at the right line, ` +
        `${accused + strangers.length} false alarms\n`,
    ),
  );
}

/**
 * Runs the service under leakguard, and the load beside it.
 * @param {string} reportFile
 * @param {import('./demo/score').Marker[]} markers
 */
async function run(reportFile, markers) {
  const startMs = performance.now();
  const signal = AbortSignal.timeout(MAX_RUN_MS);
  const watch = ['run', '--interval', `${INTERVAL_MS}ms`, '--report', reportFile, '--'];
  const service = spawn(process.execPath, [CLI, ...watch, process.execPath, SERVICE], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const serviceEnds = once(service, 'close');
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let load;
  process.once('exit', () => {
    service.kill();
    load?.kill();
  });
  const errors = followWarnings(readline.createInterface(service.stderr), startMs, markers);
  const output = readline.createInterface(service.stdout);
  output.on('line', (text) => tell(startMs, 'service', text));

  const listening = once(output, 'line').then(([text]) => /http:\S+/.exec(text)?.[0]);
  const url = await Promise.race([listening, serviceEnds.then(() => undefined)]);
  if (url === undefined) throw new Error('the service ended before it listened');
  load = spawn(process.execPath, [LOAD, url, String(LOAD_SECONDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const loadEnds = once(load, 'close');
  const progress = readline.createInterface(
    /** @type {import('node:stream').Readable} */ (load.stdout),
  );
  progress.on('line', (text) => tell(startMs, 'load', text));
  const [loadCode] = await loadEnds;
  if (loadCode !== 0) throw new Error('the load failed, see above');

  print(paint('bold', '\nThe service is told to end (SIGTERM), and leakguard gives its report:'));
  errors.startReport();
  service.kill('SIGTERM');
  const [serviceCode] = await serviceEnds;
  if (serviceCode !== 0) throw new Error(`the service ended with ${serviceCode}, see above`);
  return errors.warnedAfterMs;
}

async function main() {
  for (const folder of ['.', 'demo']) installPackages(folder);
  buildAddon();

  const markers = readMarkers(fs.readFileSync(SERVICE, 'utf8'));
  print(paint('bold', `\nA shop on Express, under load for ${LOAD_SECONDS} seconds\n`));
  print(
    '  demo/service.js knows nothing of leakguard; four of its lines leak, four only look like it.',
  );
  print(`  leakguard run --interval ${INTERVAL_MS}ms -- node demo/service.js\n`);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-demo-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const reportFile = path.join(folder, 'report.json');
  const warnedAfterMs = await run(reportFile, markers);
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
