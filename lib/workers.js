'use strict';

/**
 * The reports of this process's other threads, of the processes that it has started, of those that they have, and so
 * on, as far as each is recorded. A recording needs nobody to answer: a worker that hangs is in it, and so is what one
 * that was killed has left. What ended well is not: what it had left went with it.
 */

const { threadId } = require('./loaded');
const { loadNative } = require('./native');
const { descendants } = require('./recorder');

/** @returns {import('..').ReportData[]} */
function readWorkers() {
  return descendants().flatMap((file) => {
    const last = readLast(file);
    if (last === null) return [];
    const { recording, report } = last;
    const isOwn = report.pid === process.pid && report.threadId === threadId();
    return isOwn || endedWell(recording.ended) ? [] : [report];
  });
}

/**
 * @param {string} file
 * @returns {{ recording: { ended: Ended | null }, report: import('..').ReportData } | null} null for one that has gone
 *   meanwhile
 */
function readLast(file) {
  try {
    return JSON.parse(loadNative().readLast(file));
  } catch {
    return null;
  }
}

/** @typedef {{ how: 'exit' | 'stopped', code: number | null }} Ended */

/** @param {Ended | null} ended */
function endedWell(ended) {
  return ended !== null && (ended.how === 'stopped' || ended.code === 0);
}

exports.readWorkers = readWorkers;
