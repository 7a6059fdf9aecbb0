'use strict';

/** Exit codes of the command line, after sysexits.h, and the error that carries one. */

const { EXIT_FINDINGS } = require('../at-exit');

const exitCodes = {
  ok: 0,
  usage: 64,
  badInput: 65,
  ownFault: 70,
  /** Findings at or above `--fail-on`. */
  findings: EXIT_FINDINGS,
};

/** Ends a command with one line on standard error. */
class CliError extends Error {
  /**
   * @param {number} exitCode
   * @param {string} message  what was wrong and what to do
   */
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

exports.exitCodes = exitCodes;
exports.CliError = CliError;
