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
const tty = require('node:tty');
const { render } = require('../formats');
const { readPresent } = require('../mailbox');
const { parseBoolean } = require('../options');
const { fails, mergeReports } = require('../report');
const { ReportFile } = require('../report-file');
const { CliError, exitCodes, printError } = require('./exit-codes');
const { applyPolicy, ignoreText, openBaseline } = require('./policy');
const { readLast } = require('./recordings');
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
/** What a terminal sends to all that it runs in the foreground: a second one would cut the command's shutdown short. */
const TERMINAL_SIGNALS = ['SIGINT', 'SIGHUP', 'SIGQUIT'];
const FORWARDED_SIGNALS = /** @type {NodeJS.Signals[]} */ ([
  ...TERMINAL_SIGNALS,
  'SIGTERM',
  'SIGUSR2',
  'SIGBREAK',
]);
/** Standard input may come from a file, and output go to a pipe. */
const hasTerminal = () => [0, 1, 2].some((descriptor) => tty.isatty(descriptor));
/** A command that is run to be watched is worth a full collection a minute. */
const DEFAULT_LEVEL = 'survivors';
const ANY_PORT = '0';
const REPORT_NAME = '%p-%t.json';

/**
 * A process of the command may work in another folder.
 * @param {string | undefined} recorder  a file, or whether to record
 */
const absolute = (recorder) =>
  recorder === undefined || parseBoolean(recorder) !== undefined
    ? recorder
    : path.resolve(recorder);

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
    LEAKGUARD_RECORDER: absolute(recorder) ?? (process.env.LEAKGUARD_RECORDER || '1'),
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
 * Signals are the command's. Until the reports are read they are no reason for us to end.
 * @returns {{ to: (child: import('node:child_process').ChildProcess) => void, end: () => void }}
 */
function relaySignals() {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let command;
  /** @param {NodeJS.Signals} signal */
  const relay = (signal) => {
    if (!TERMINAL_SIGNALS.includes(signal) || !hasTerminal()) command?.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, relay);
  return {
    to(child) {
      command = child;
    },
    end() {
      for (const signal of FORWARDED_SIGNALS) process.off(signal, relay);
    },
  };
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @param {ReturnType<typeof relaySignals>} signals
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function execute([file, ...args], env, signals) {
  return new Promise((resolve, reject) => {
    const refuse = (/** @type {unknown} */ error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const text = `${file || "''"} cannot be run (${code}): give a command that is on the PATH`;
      reject(new CliError(exitCodes.badInput, text));
    };
    try {
      const child = spawn(file, args, { stdio: 'inherit', env });
      signals.to(child);
      child.once('error', refuse);
      child.on('spawn', () => {
        // From now on it is a signal that could not be sent.
        child.off('error', refuse);
        child.on('error', () => {});
      });
      child.on('exit', (code, signal) => resolve({ code, signal }));
    } catch (error) {
      refuse(error);
    }
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
 * @returns {{ given: ReportData[], faults: string[] }} what those that have left no report had recorded
 */
function readRecordings({ reports, mail }) {
  const reported = fs.readdirSync(reports);
  const given = [];
  const faults = [];
  for (const { name, recording } of readPresent(mail)) {
    if (reported.includes(`${name}.json`)) continue;
    try {
      const { recording: last, report } = readLast(recording);
      // One that was told to stop has nothing to say. One that runs on says so: its report would come too late.
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
 * @param {boolean} asJson
 * @throws {CliError} where it cannot listen
 */
async function openDashboard(given, folder, asJson) {
  const { Dashboard, parseAddress } = require('./dashboard');
  const dashboard = new Dashboard(folder);
  const url = await dashboard.listen(parseAddress(given === true ? ANY_PORT : given));
  if (asJson) process.stderr.write(`${JSON.stringify({ dashboard: url })}\n`);
  else say(`dashboard at ${url}`);
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
  const signals = relaySignals();
  let dashboard = null;
  try {
    for (const each of Object.values(folders)) fs.mkdirSync(each);
    if (options.dashboard !== undefined) {
      dashboard = await openDashboard(options.dashboard, folders.mail, options.json === true);
    }
    const { code, signal } = await execute(
      command,
      environment(options, baseline, folders),
      signals,
    );
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
    for (const fault of faults) printError(exitCodes.ownFault, fault, options.json === true);
    if (signal !== null) return 128 + os.constants.signals[signal];
    if (code !== 0) return code ?? exitCodes.ownFault;
    if (merged !== null && fails(merged.verdict, options.failOn)) return exitCodes.findings;
    return faults.length > 0 ? exitCodes.ownFault : exitCodes.ok;
  } finally {
    dashboard?.close();
    signals.end();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

exports.run = run;
