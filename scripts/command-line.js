'use strict';

/** What the scripts' command lines have in common. Each states its own options, help and exit codes. */

/** The command line is wrong; the message names the option, the value and what is accepted. */
class UsageError extends Error {}

/**
 * @param {string} option  as typed
 * @param {string} text    values with commas between them
 * @param {string[]} accepted
 * @returns {string[]} each once
 * @throws {UsageError}
 */
function parseList(option, text, accepted) {
  const values = [...new Set(text.split(','))];
  const wrong = values.find((value) => !accepted.includes(value));
  if (wrong === undefined) return values;
  throw new UsageError(`${option}: '${wrong}' is not one of ${accepted.join(', ')}`);
}

/**
 * @param {string} option  as typed
 * @param {string} text
 * @param {number} max
 * @returns {number}
 * @throws {UsageError}
 */
function parseCount(option, text, max) {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw new UsageError(`${option}: '${text}' is not a whole number from 1 to ${max}`);
}

/** @param {unknown} error */
function isUsageError(error) {
  if (error instanceof UsageError) return true;
  const { code = '' } = /** @type {{ code?: string }} */ (error ?? {});
  return code.startsWith('ERR_PARSE_ARGS');
}

/**
 * Reads a command line. Where it is wrong, says so and ends this process with 64.
 * @template T
 * @param {string} command  as the user knows it
 * @param {() => T} read
 * @param {string} [help]   printed besides
 * @returns {T}
 */
function readOrExit(command, read, help = '') {
  try {
    return read();
  } catch (error) {
    if (!isUsageError(error)) throw error;
    process.stderr.write(`${command}: ${/** @type {Error} */ (error).message}\n${help}`);
    process.exit(64);
  }
}

exports.UsageError = UsageError;
exports.isUsageError = isUsageError;
exports.parseCount = parseCount;
exports.parseList = parseList;
exports.readOrExit = readOrExit;
