'use strict';

/**
 * What a process leaves when it ends, where somebody has asked for it: the report in a file, the exit
 * code of a build that fails, the end of the recording. The event loop is over by then, so a process
 * warning would not be printed any more: what went wrong is written to stderr as it is.
 */

const fs = require('node:fs');
const { epochMs } = require('./clock');
const { isMainThread } = require('./loaded');

/** Exit code at findings at or above `failOn`. */
const EXIT_FINDINGS = 86;

/** @typedef {import('..').Report} Report */
/** @typedef {import('./options').Settings} Settings */

class AtExit {
  /**
   * @param {object} parts
   * @param {Settings} parts.settings
   * @param {() => Report} parts.createReport  of what is known now
   * @param {() => Report} parts.createLast    when the process ends
   * @param {(code: number) => void} parts.end  is told the exit code, last of all
   */
  constructor({ settings, createReport, createLast, end }) {
    const { report, failOn } = settings;
    this.file = report === null ? null : createReportFile(report);
    this.wantsReport = report !== null || failOn !== null;
    this.failOn = failOn;
    this.createReport = createReport;
    this.createLast = createLast;
    this.end = end;
    this.listener = (/** @type {number} */ code) => this.#atExit(code);
    this.stayLast = () => this.#stayLast();
  }

  listen() {
    process.on('exit', this.listener);
    process.on('beforeExit', this.stayLast);
  }

  ignore() {
    process.off('exit', this.listener);
    process.off('beforeExit', this.stayLast);
  }

  /**
   * A worker that is ended from outside hears of no exit, so its report is there as soon as it matters.
   * @throws what writing it throws
   */
  writeWorkerReport() {
    if (!isMainThread() && this.file?.pattern.includes('%t')) this.file.write(this.createReport());
  }

  /** Test runners set the exit code in an exit listener of their own: ours must come after it. */
  #stayLast() {
    const listeners = process.listeners('exit');
    if (!listeners.includes(this.listener) || listeners.at(-1) === this.listener) return;
    process.off('exit', this.listener);
    process.on('exit', this.listener);
  }

  /** @param {number} code */
  #atExit(code) {
    if (this.wantsReport) this.#report();
    this.end(Number(process.exitCode ?? code));
  }

  #report() {
    try {
      const report = this.createLast();
      const written = this.file?.write(report);
      if (written?.aside) {
        const { file, aside } = written;
        const text = `${file} was written by another process or thread meanwhile, which is kept as ${aside}; %p and %t in the name give each its own`;
        say(text);
      }
      const { fails } = require('./report');
      const isFailing = report.threadId === 0 && fails(report.verdict, this.failOn);
      if (isFailing && !process.exitCode) process.exitCode = EXIT_FINDINGS;
    } catch (error) {
      say(`the report at exit failed: ${error}`);
    }
  }
}

/**
 * Where nobody reads standard error any more, nobody is told, and the process ends as it would.
 * @param {string} text
 */
function say(text) {
  try {
    fs.writeSync(2, `leakguard: ${text}\n`);
  } catch {
    // As said.
  }
}

/** @param {string} pattern */
function createReportFile(pattern) {
  const { ReportFile } = require('./report-file');
  return new ReportFile(pattern, epochMs());
}

exports.AtExit = AtExit;
exports.EXIT_FINDINGS = EXIT_FINDINGS;
