'use strict';

/** `leakguard postmortem [FILE|PID]`: the last report of a process that is gone. */

const { render } = require('../formats');
const { endedLast, findRecording, readLast } = require('./recordings');
const { bytes, duration } = require('./units');

/**
 * How the process ended, as far as its recording knows.
 * @param {ReturnType<typeof readLast>['recording']} recording
 * @param {boolean} alive
 */
function ending({ pid, startedAt, at, ended, nearLimit, meters }, alive) {
  const lived = duration((ended?.at ?? at) - startedAt);
  const last = new Date(at).toISOString();
  if (ended !== null) {
    const code = ended.code === null ? '' : ` with code ${ended.code}`;
    return `process ${pid} ended${code} after ${lived}; this is its last state, of ${last}`;
  }
  if (alive) return `process ${pid} is still running; this is its state of ${last}`;
  const { heapUsedBytes, heapLimitBytes } = meters;
  const heap =
    nearLimit !== null && heapUsedBytes !== null && heapLimitBytes !== null
      ? `; its heap was near its limit, ${bytes(heapUsedBytes)} of ${bytes(heapLimitBytes)}`
      : '';
  return `process ${pid} died after ${lived}, its last tick was at ${last}${heap}`;
}

/**
 * @param {string | undefined} target  a file or a pid; nothing: the process that died last
 * @param {{ format: string, json?: boolean }} options
 * @throws {import('./exit-codes').CliError}
 */
function printPostmortem(target, { format, json }) {
  const { file, alive } = findRecording(target, (entry) => !entry.alive, endedLast);
  const form = json ? 'json' : format;
  const { recording, report } = readLast(file);
  if (form === 'text') process.stdout.write(`${ending(recording, alive)}\n\n`);
  process.stdout.write(render(JSON.stringify(report), form));
}

exports.printPostmortem = printPostmortem;
