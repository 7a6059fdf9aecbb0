'use strict';

/** The main entry: starts with defaults and the environment on first load. */

const { LeakError, LeakguardError, assertNoLeaks } = require('./lib/errors');
const { instance } = require('./lib/instance');

const monitor = instance();

const start = monitor.start.bind(monitor);
const stop = monitor.stop.bind(monitor);
const report = monitor.report.bind(monitor);
/** @type {typeof import('.').mark} */
const mark = (label, options) => monitor.contract.mark(label, options);
/** @type {typeof import('.').settled} */
const settled = (options) => monitor.contract.settled(options);
/** @type {typeof import('.').allow} */
const allow = (...rules) => monitor.contract.allow(...rules);
/** @type {typeof import('.').check} */
const check = (fn, options) => monitor.contract.check(fn, options);
const watchRealm = monitor.watchRealm.bind(monitor);
const reset = monitor.reset.bind(monitor);
const watch = monitor.watch.bind(monitor);
/** Snapshots are not needed in most processes. */
const snapshots = () => require('./lib/heap');
const heap = {
  profile: monitor.writeHeapProfile.bind(monitor),
  /** @type {typeof import('./lib/heap').capture} */
  capture: (options) => snapshots().capture(options),
  /** @type {typeof import('./lib/heap').analyze} */
  analyze: (source) => snapshots().analyze(source),
  /** @type {typeof import('./lib/heap').diff} */
  diff: (before, after, options) => snapshots().diff(before, after, options),
  /** @type {typeof import('./lib/heap').growth} */
  growth: (source, options) => snapshots().growth(source, options),
};
const subjects = monitor.subjects.bind(monitor);
const metrics = monitor.metrics.bind(monitor);
/** @type {(options?: import('.').MetricsOptions) => import('.').MetricFamily[]} */
const metricFamilies = (options) => monitor.metricFamilies(options);
const expectCollected = monitor.expectCollected.bind(monitor);
const on = monitor.on.bind(monitor);
const off = monitor.off.bind(monitor);

exports.start = start;
exports.stop = stop;
exports.report = report;
exports.mark = mark;
exports.settled = settled;
exports.allow = allow;
exports.check = check;
exports.reset = reset;
exports.watch = watch;
exports.watchRealm = watchRealm;
exports.heap = heap;
exports.subjects = subjects;
exports.metrics = metrics;
exports.metricFamilies = metricFamilies;
exports.expectCollected = expectCollected;
exports.on = on;
exports.off = off;
exports.assertNoLeaks = assertNoLeaks;
exports.LeakError = LeakError;
exports.LeakguardError = LeakguardError;
