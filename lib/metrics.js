'use strict';

/**
 * The metrics of this thread, or of this process and what it has started. What a worker has to say is read from its
 * recording: it need not answer, so one that hangs or was killed is in it, too.
 */

const { createFamilies, readMetricsOptions } = require('./metric-families');

/** @typedef {import('./monitor').Monitor} Monitor */

/**
 * @param {Monitor} monitor
 * @param {import('..').MetricsOptions | undefined} options
 * @param {string} call  for errors
 */
function readFamilies(monitor, options, call) {
  const { limit, workers, release } = readMetricsOptions(call, options);
  const report = monitor.reportInNumbers();
  const { subjects, rest } = monitor.readSubjects(limit);
  if (!workers) {
    const own = { report, isWatching: monitor.running, attributes: {} };
    return createFamilies({ report, parts: [own], subjects, rest, release }, limit);
  }
  const { readWorkers } = require('./workers');
  const others = readWorkers();
  const parts = [report, ...others].map((part) => ({
    report: part,
    isWatching: part === report ? monitor.running : part.level !== 'off',
    attributes: { pid: part.pid, thread: part.threadId },
  }));
  const united = monitor.unite(report, others);
  return createFamilies({ report: united, parts, subjects, rest, release }, limit);
}

exports.readFamilies = readFamilies;
