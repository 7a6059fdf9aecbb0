'use strict';

/**
 * `leakguard/prometheus`: the metrics where Prometheus scrapes them, from a handler of our own or from the registry of
 * `prom-client` that a service has already. Of `prom-client` nothing is loaded: what is registered has the one method
 * that a registry calls.
 *
 * A scrape is never broken by us: where nothing can be told, `leakguard_up` is 0 and the rest is missing.
 */

const leakguard = require('../..');
const { now } = require('../clock');
const { LeakguardError, inspectValue, warnInternal } = require('../errors');
const { CONTENT_TYPE, formatFamilies, prometheusLabel, prometheusName } = require('../exposition');
const { DOWN, readMetricsOptions } = require('../metric-families');

/** @typedef {import('../..').MetricFamily} MetricFamily */
/** @typedef {import('../..').MetricsOptions} MetricsOptions */
/** @typedef {import('../../prometheus').Registry} Registry */

/** Families asked for so close together are of one scrape. */
const SCRAPE_MS = 100;

/**
 * @param {MetricsOptions} options  checked
 * @returns {MetricFamily[]}
 */
function readFamilies(options) {
  try {
    return leakguard.metricFamilies(options);
  } catch (error) {
    warnInternal(`no metrics: ${/** @type {Error} */ (error).message}`);
    return [DOWN];
  }
}

/**
 * @param {MetricsOptions} [options]
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
 */
function handler(options) {
  const checked = readMetricsOptions('handler()', options);
  return ({ method }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const text = formatFamilies(readFamilies(checked));
    const length = Buffer.byteLength(text);
    response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': length });
    response.end(method === 'HEAD' ? undefined : text);
  };
}

/**
 * One family as `prom-client` has it.
 * @param {Omit<MetricFamily, 'samples'>} about
 * @param {() => MetricFamily['samples']} read
 */
function createMetric(about, read) {
  const { help, type, combine: aggregator } = about;
  const metric = {
    name: prometheusName(about),
    help,
    type,
    // What the registry of a cluster does with what several workers have.
    aggregator,
    collect() {},
    reset() {},
    async get() {
      const values = read().map(({ attributes, value }) => ({
        value,
        labels: Object.fromEntries(
          Object.entries(attributes).map(([key, text]) => [prometheusLabel(key), text]),
        ),
      }));
      // The name of now: for OpenMetrics a registry takes `_total` away from it.
      return { name: metric.name, help, type, aggregator, values };
    },
  };
  return metric;
}

/**
 * Whether the host has cleared it since.
 * @param {Registry} registry
 * @param {string} name
 */
const hasForgotten = (registry, name) =>
  registry.getSingleMetric !== undefined && registry.getSingleMetric(name) === undefined;

/** With the name of one of the metrics. @type {WeakMap<Registry, { name: string, stop(): void }>} */
const registered = new WeakMap();

/**
 * @param {Registry} registry  of `prom-client`
 * @param {MetricsOptions} [options]
 * @returns {{ stop(): void }}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
 */
function register(registry, options) {
  const checked = readMetricsOptions('register()', options);
  for (const method of /** @type {const} */ (['registerMetric', 'removeSingleMetric'])) {
    if (typeof registry?.[method] === 'function') continue;
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      `register(): ${inspectValue(registry)} is no registry; accepted is a Registry of prom-client, such as its register`,
    );
  }
  const known = registered.get(registry);
  if (known !== undefined && !hasForgotten(registry, known.name)) return known;

  /** Of the last scrape; no Map, which would be counted as the host's. @type {MetricFamily[]} */
  let families = [];
  let readAt = Number.NEGATIVE_INFINITY;
  const read = (/** @type {string} */ name) => {
    if (now() - readAt >= SCRAPE_MS) {
      families = readFamilies(checked);
      readAt = now();
    }
    return families.find((family) => family.name === name)?.samples ?? [];
  };
  const names = readFamilies(checked).map((family) => {
    const metric = createMetric(family, () => read(family.name));
    registry.registerMetric(metric);
    return metric.name;
  });
  const registration = {
    name: names[0],
    stop() {
      for (const name of names) registry.removeSingleMetric(name);
      registered.delete(registry);
    },
  };
  registered.set(registry, registration);
  return registration;
}

exports.handler = handler;
exports.metrics = leakguard.metrics;
exports.register = register;
