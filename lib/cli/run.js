'use strict';

/**
 * `leakguard run -- cmd`: runs a command with leakguard in every Node.js process that it starts,
 * gathers their reports from a folder of its own, and ends as the command ended.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { CliError, exitCodes } = require('./exit-codes');
const { applyPolicy, ignoreText, openBaseline } = require('./policy');
const { fails, render } = require('./report');

/** @typedef {import('../..').ReportData} ReportData */
/**
 * @typedef {import('./policy').PolicyOptions & OwnOptions} RunOptions
 * @typedef {object} OwnOptions
 * @property {string} [level]
 * @property {string} [interval]
 * @property {string} [patience]
 * @property {string} [sensitivity]
 * @property {string} [survivors]
 * @property {string} [report]
 * @property {boolean} [json]
 */

const REGISTER = path.join(__dirname, '..', '..', 'register.js');
const FORWARDED_SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
/** A command that is run to be watched is worth a full collection a minute. */
const DEFAULT_LEVEL = 'survivors';

/**
 * @param {RunOptions} options
 * @param {import('../baseline').Baseline | null} baseline
 * @param {string} reports  pattern of the report files
 * @returns {NodeJS.ProcessEnv}
 */
function environment(options, baseline, reports) {
  const { level, interval, patience, sensitivity, survivors } = options;
  const given = {
    LEAKGUARD_LEVEL: level ?? process.env.LEAKGUARD_LEVEL ?? DEFAULT_LEVEL,
    LEAKGUARD_INTERVAL: interval,
    LEAKGUARD_PATIENCE: patience,
    LEAKGUARD_SENSITIVITY: sensitivity,
    LEAKGUARD_SURVIVORS: survivors,
    LEAKGUARD_IGNORE: ignoreText(options),
    // One that is about to be made is not there yet.
    LEAKGUARD_BASELINE: baseline?.entries.size ? options.baseline : '',
    // There is one gate, here: a step of the command that fails by itself would keep the next from running.
    LEAKGUARD_FAIL_ON: '',
  };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  // Node reads double quotes and backslashes in NODE_OPTIONS.
  const file = REGISTER.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return {
    ...process.env,
    ...Object.fromEntries(set),
    LEAKGUARD: '1',
    LEAKGUARD_REPORT: reports,
    NODE_OPTIONS: `--require "${file}" ${process.env.NODE_OPTIONS ?? ''}`.trim(),
  };
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function execute([file, ...args], env) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env });
    /** @type {(signal: NodeJS.Signals) => void} */
    const forward = (signal) => {
      // A terminal has sent its signal to the command too: a second one would cut its shutdown short.
      if (!process.stdin.isTTY || signal === 'SIGTERM') child.kill(signal);
    };
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
    child.on('error', (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      reject(
        new CliError(
          exitCodes.badInput,
          `${file} cannot be run (${code}): give a command that is on the PATH`,
        ),
      );
    });
    child.on('exit', (code, signal) => {
      for (const name of FORWARDED_SIGNALS) process.off(name, forward);
      resolve({ code, signal });
    });
  });
}

/**
 * @param {string} folder
 * @returns {ReportData[]}
 */
function readReports(folder) {
  return fs
    .readdirSync(folder)
    .map(
      (name) =>
        /** @type {ReportData} */ (JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))),
    );
}

/**
 * Writes the worst report under the name asked for and each other one beside it, or, with a
 * placeholder in the name, each under its own.
 * @param {ReportData[]} reports
 * @param {string} pattern
 */
function writeReports(reports, pattern) {
  const { dir, name, ext } = path.parse(pattern);
  const format = { '.json': 'json', '.md': 'md' }[ext] ?? 'text';
  const own = /%[pt]/.test(name);
  for (const [index, report] of reports.entries()) {
    const rest = own || index === 0 ? name : `${name}.%p-%t`;
    const file = `${rest}${ext}`
      .replaceAll('%p', String(report.pid))
      .replaceAll('%t', String(report.threadId));
    fs.writeFileSync(path.join(dir, file), render(JSON.stringify(report), format, 'report'));
  }
}

/** @param {ReportData[]} reports */
function summarize(reports) {
  const worst = reports[0]?.verdict;
  const count =
    reports.length === 1 ? '1 process or thread' : `${reports.length} processes and threads`;
  switch (worst) {
    case undefined:
      return 'no Node.js process ended by itself under this command; nothing to report';
    case 'clean':
      return `${count} watched, no leak found`;
    case 'inconclusive':
      return `${count} watched, too short to judge: see --interval, --patience and --sensitivity`;
    default: {
      const guilty = reports.filter(({ verdict }) => verdict === worst).length;
      return `${count} watched, verdict ${worst} in ${guilty}`;
    }
  }
}

/**
 * @param {string[]} command
 * @param {RunOptions} options
 * @returns {Promise<number>} exit code: the command's own, or 86
 */
async function run(command, options) {
  const baseline = openBaseline(options);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-'));
  try {
    const { code, signal } = await execute(
      command,
      environment(options, baseline, path.join(folder, '%p-%t.json')),
    );
    const reports = applyPolicy(readReports(folder), { baseline }, options);
    if (options.report !== undefined) writeReports(reports, options.report);
    if (options.json) {
      process.stderr.write(`${JSON.stringify(reports)}\n`);
    } else {
      for (const report of reports) {
        if (report.findings.length > 0 || report.notes.length > 0) {
          process.stderr.write(`\n${render(JSON.stringify(report), 'text', 'report')}`);
        }
      }
      process.stderr.write(`leakguard: ${summarize(reports)}\n`);
    }
    if (signal !== null) return 128 + os.constants.signals[signal];
    const guilty = reports.some(({ verdict }) => fails(verdict, options.failOn));
    return code === 0 && guilty ? exitCodes.findings : (code ?? exitCodes.ownFault);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

exports.run = run;
