'use strict';

/**
 * `leakguard run -- cmd`: runs a command with leakguard in every Node.js process that it starts,
 * gathers their reports from a folder of its own, makes one of them, and ends as the command ended.
 * A process that a signal, an abort or a full heap ends leaves no report, but what it recorded.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { render } = require('../formats');
const { readPresent } = require('../mailbox');
const { fails, mergeReports } = require('../report');
const { ReportFile } = require('../report-file');
const { CliError, exitCodes } = require('./exit-codes');
const { applyPolicy, ignoreText, openBaseline } = require('./policy');
const { isAlive, readLast } = require('./recordings');
const { readReport } = require('./report');
const { printable } = require('./units');

/** @typedef {import('../..').ReportData} ReportData */
/**
 * @typedef {import('./policy').PolicyOptions & OwnOptions} RunOptions
 * @typedef {object} OwnOptions
 * @property {string} [level]
 * @property {string} [interval]
 * @property {string} [patience]
 * @property {string} [sensitivity]
 * @property {string} [survivors]
 * @property {string} [recorder]
 * @property {string} [report]
 * @property {boolean} [json]
 * @property {string | true} [dashboard]
 */
/** @typedef {{ reports: string, mail: string }} Folders  in which processes leave what they report, and meet us */

const REGISTER = path.join(__dirname, '..', '..', 'register.js');
const FORWARDED_SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
/** A command that is run to be watched is worth a full collection a minute. */
const DEFAULT_LEVEL = 'survivors';
const ANY_PORT = '0';
const REPORT_NAME = '%p-%t.json';

/**
 * @param {RunOptions} options
 * @param {import('../baseline').Baseline | null} baseline
 * @param {Folders} folders
 * @returns {NodeJS.ProcessEnv}
 */
function environment(options, baseline, { reports, mail }) {
  const { level, interval, patience, sensitivity, survivors, recorder } = options;
  const given = {
    LEAKGUARD_LEVEL: level ?? process.env.LEAKGUARD_LEVEL ?? DEFAULT_LEVEL,
    LEAKGUARD_INTERVAL: interval,
    LEAKGUARD_PATIENCE: patience,
    LEAKGUARD_SENSITIVITY: sensitivity,
    LEAKGUARD_SURVIVORS: survivors,
    LEAKGUARD_RECORDER: recorder ?? (process.env.LEAKGUARD_RECORDER || '1'),
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
    LEAKGUARD_REPORT: path.join(reports, REPORT_NAME),
    LEAKGUARD_DASHBOARD: mail,
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
 * @returns {{ given: ReportData[], faults: string[] }} what can be read, and what is wrong with the rest
 */
function readReports(folder) {
  const given = [];
  const faults = [];
  for (const name of fs.readdirSync(folder)) {
    try {
      given.push(readReport(path.join(folder, name)));
    } catch (error) {
      faults.push(`the report ${/** @type {Error} */ (error).message}`);
    }
  }
  return { given, faults };
}

/**
 * @param {Folders} folders
 * @returns {{ given: ReportData[], faults: string[] }} what those that ended without a report had recorded
 */
function readRecordings({ reports, mail }) {
  const reported = fs.readdirSync(reports);
  const given = [];
  const faults = [];
  for (const { name, recording } of readPresent(mail)) {
    if (reported.includes(`${name}.json`)) continue;
    try {
      // One that runs on will report by itself, and one that was told to stop has nothing to say.
      if (isAlive(recording)) continue;
      const { recording: last, report } = readLast(recording);
      if (last.ended !== null) continue;
      // That the process was killed its main thread says for all.
      given.push(name.endsWith('-0') ? report : { ...report, notes: [] });
    } catch (error) {
      faults.push(`the recording ${/** @type {Error} */ (error).message}`);
    }
  }
  return { given, faults };
}

/**
 * Writes the merged report, or, with a placeholder in the name, each under its own.
 * @param {ReportData[]} reports
 * @param {ReportData} merged
 * @param {string} pattern
 * @param {number} since  epoch ms
 * @returns {string[]} what was in the way
 */
function writeReports(reports, merged, pattern, since) {
  const own = /%[pt]/.test(path.basename(pattern));
  const file = new ReportFile(pattern, since);
  try {
    const written = (own ? reports : [merged]).map((report) => file.write(report));
    return written
      .filter(({ aside }) => aside !== null)
      .map(
        ({ file, aside }) => `${file} was written by another run meanwhile; that one is ${aside}`,
      );
  } catch (error) {
    return [`${pattern} cannot be written: ${/** @type {Error} */ (error).message}`];
  }
}

/** @param {ReportData | null} merged */
function summarize(merged) {
  if (merged === null) {
    return 'no Node.js process left a report or a recording; nothing to report';
  }
  const { verdict, processes = [] } = merged;
  const count =
    processes.length === 1 ? '1 process or thread' : `${processes.length} processes and threads`;
  switch (verdict) {
    case 'clean':
      return `${count} watched, no leak found`;
    case 'inconclusive':
      return `${count} watched, too short to judge: see --interval, --patience and --sensitivity`;
    default: {
      const guilty = processes.filter((one) => one.verdict === verdict).length;
      return `${count} watched, verdict ${verdict} in ${guilty}`;
    }
  }
}

/**
 * @param {string | true} given  `--dashboard`
 * @param {string} folder  where it and the processes meet
 * @throws {CliError} where it cannot listen
 */
async function openDashboard(given, folder) {
  const { Dashboard, parseAddress } = require('./dashboard');
  const dashboard = new Dashboard(folder);
  const url = await dashboard.listen(parseAddress(given === true ? ANY_PORT : given));
  say(`dashboard at ${url}`);
  return dashboard;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`leakguard: ${printable(line)}\n`);
}

/**
 * @param {string[]} command
 * @param {RunOptions} options
 * @returns {Promise<number>} exit code: the command's own; where that is 0, 86 for findings and 70
 *   where a report was lost
 */
async function run(command, options) {
  const since = Date.now();
  const baseline = openBaseline(options);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-'));
  const folders = { reports: path.join(folder, 'reports'), mail: path.join(folder, 'mail') };
  let dashboard = null;
  try {
    for (const each of Object.values(folders)) fs.mkdirSync(each);
    if (options.dashboard !== undefined) {
      dashboard = await openDashboard(options.dashboard, folders.mail);
    }
    const { code, signal } = await execute(command, environment(options, baseline, folders));
    const { given, faults } = readReports(folders.reports);
    const recorded = readRecordings(folders);
    faults.push(...recorded.faults);
    const reports = applyPolicy([...given, ...recorded.given], { baseline }, options);
    const merged = reports.length > 0 ? mergeReports(reports) : null;
    if (merged !== null && options.report !== undefined) {
      faults.push(...writeReports(reports, merged, options.report, since));
    }
    if (options.json) {
      process.stderr.write(`${JSON.stringify(merged)}\n`);
    } else {
      if (merged !== null && (merged.findings.length > 0 || merged.notes.length > 0)) {
        process.stderr.write(`\n${render(JSON.stringify(merged), 'text')}`);
      }
      say(summarize(merged));
    }
    faults.forEach(say);
    if (signal !== null) return 128 + os.constants.signals[signal];
    if (code !== 0) return code ?? exitCodes.ownFault;
    if (merged !== null && fails(merged.verdict, options.failOn)) return exitCodes.findings;
    return faults.length > 0 ? exitCodes.ownFault : exitCodes.ok;
  } finally {
    dashboard?.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

exports.run = run;
