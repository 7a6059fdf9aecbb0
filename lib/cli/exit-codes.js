'use strict';

/** Exit codes of the command line, after sysexits.h, the error that carries one, and how it is said. */

const { EXIT_FINDINGS } = require('../at-exit');
const { printable } = require('./units');

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

/**
 * @param {number} exitCode
 * @param {string} message
 * @param {boolean} asJson
 */
function printError(exitCode, message, asJson) {
  // What it quotes may be from anywhere.
  const text = asJson
    ? JSON.stringify({ error: { exitCode, message } })
    : `leakguard: ${printable(message)}`;
  process.stderr.write(`${text}\n`);
}

exports.exitCodes = exitCodes;
exports.CliError = CliError;
exports.printError = printError;
