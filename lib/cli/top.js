'use strict';

/**
 * `leakguard top [PID|FILE]`: what a process keeps, live, out of the file that its recorder writes. The
 * process is not asked for anything, so it may be busy, stopped or dead.
 */

const {
  findRecording,
  isAlive,
  readRecording,
  recordingText,
  startedLast,
} = require('./recordings');
const { once } = require('./top-view');

/**
 * @param {string | undefined} target  a file or a pid; nothing: the process that was started last
 * @param {{ once?: boolean, json?: boolean, limit: number }} options
 * @throws {import('./exit-codes').CliError}
 */
async function top(target, { once: isOnce = false, json = false, limit }) {
  const { file } = findRecording(target, ({ alive }) => alive, startedLast);
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  if (isInteractive && !isOnce && !json) {
    const read = () => ({ recording: readRecording(file), alive: isAlive(file) });
    return require('./top-live').live(read);
  }
  if (json) {
    // As it is: a full ledger has a MiB of it.
    const opening = JSON.stringify({ file, alive: isAlive(file) }).slice(0, -1);
    process.stdout.write(`${opening},${recordingText(file).slice(1)}\n`);
    return;
  }
  const recording = readRecording(file, limit);
  process.stdout.write(once(recording, { alive: isAlive(file), now: Date.now() }));
}

exports.top = top;
