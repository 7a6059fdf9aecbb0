'use strict';

/**
 * `leakguard/opentelemetry`: the metrics as observable instruments, and findings as log events. It loads no package where
 * providers are handed in; without a MeterProvider it takes the global one of `@opentelemetry/api`.
 */

const leakguard = require('../..');
const { LeakguardError, inspectValue, refuseOthers, warnInternal } = require('../errors');
const { readMetricsOptions } = require('../metric-families');
const { version } = require('../../package.json');

/** @typedef {import('../../opentelemetry').Options} Options */
/** @typedef {import('../../opentelemetry').MeterProvider} MeterProvider */
/** @typedef {import('../../opentelemetry').LoggerProvider} LoggerProvider */
/** @typedef {{ observe(instrument: unknown, value: number, attributes: import('../..').MetricAttributes): void }} BatchResult */

/** An optional peer. */
const API = '@opentelemetry/api';
const SCOPE = 'leakguard';
const EVENT = 'leakguard.finding';
/** OpenTelemetry's numbers. @type {Record<import('../..').Severity, [number: number, text: string]>} */
const LOG_SEVERITIES = { leak: [17, 'ERROR'], suspect: [13, 'WARN'], note: [9, 'INFO'] };

/** @returns {MeterProvider} the global one */
function globalMeterProvider() {
  try {
    // The application's own, also where this package is a link to elsewhere.
    const file = require.resolve(API, { paths: [__dirname, process.cwd()] });
    return require(file).metrics.getMeterProvider();
  } catch (cause) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      'register(): no meterProvider was given, and @opentelemetry/api, whose global one would be taken, cannot be loaded: install @opentelemetry/api 1, or give a meterProvider',
      cause,
    );
  }
}

/**
 * @param {string} option
 * @param {any} value
 * @param {string} method
 */
function checkProvider(option, value, method) {
  if (typeof value?.[method] === 'function') return;
  throw new LeakguardError(
    'ERR_LEAKGUARD_OPTION',
    `register(): ${option} ${inspectValue(value)} has no ${method}(); accepted is one of OpenTelemetry's SDK`,
  );
}

/**
 * @param {ReturnType<MeterProvider['getMeter']>} meter
 * @param {import('../..').MetricsOptions} options
 * @returns {() => void} ends it
 */
function observe(meter, options) {
  // In the order of the families, which is always the same; a Map would be counted as the host's.
  const instruments = leakguard.metricFamilies(options).map(({ name, unit, type, help }) => {
    const about = { unit, description: help };
    return type === 'counter'
      ? meter.createObservableCounter(name, about)
      : meter.createObservableGauge(name, about);
  });
  const callback = (/** @type {BatchResult} */ result) => {
    try {
      for (const [index, { samples }] of leakguard.metricFamilies(options).entries()) {
        for (const { attributes, value } of samples) {
          result.observe(instruments[index], value, attributes);
        }
      }
    } catch (error) {
      warnInternal(`no metrics: ${/** @type {Error} */ (error).message}`);
    }
  };
  meter.addBatchObservableCallback(callback, instruments);
  return () => meter.removeBatchObservableCallback(callback, instruments);
}

/**
 * @param {LoggerProvider} provider
 * @returns {() => void} ends it
 */
function logFindings(provider) {
  const logger = provider.getLogger(SCOPE, version);
  const log = (/** @type {import('../..').Finding} */ finding) => {
    const { signature, severity, kind, what, owner, message, count, ratePerMinute } = finding;
    const [severityNumber, severityText] = LOG_SEVERITIES[severity];
    const frame = finding.site?.app ?? finding.site;
    logger.emit({
      eventName: EVENT,
      severityNumber,
      severityText,
      timestamp: finding.lastSeen,
      body: message,
      attributes: {
        signature,
        severity,
        kind,
        what,
        owner,
        'leakguard.finding.count': count,
        'leakguard.finding.rate_per_minute': ratePerMinute,
        ...(frame && {
          'code.file.path': frame.file,
          'code.line.number': frame.line,
          'code.column.number': frame.column,
          'code.function.name': frame.function,
        }),
      },
    });
  };
  leakguard.on('finding', log);
  return () => leakguard.off('finding', log);
}

/** @type {WeakMap<object, { log(provider: LoggerProvider): void, stop(): void }>} */
const registered = new WeakMap();

/**
 * @param {Options} [options]
 * @returns {{ stop(): void }}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION; as `metricFamilies()`
 */
function register({
  meterProvider = globalMeterProvider(),
  loggerProvider,
  limit,
  workers,
  release,
  ...others
} = {}) {
  const accepted = 'are meterProvider, loggerProvider, limit, workers and release';
  refuseOthers('register()', others, accepted);
  const options = readMetricsOptions('register()', { limit, workers, release });
  checkProvider('meterProvider', meterProvider, 'getMeter');
  if (loggerProvider !== undefined) checkProvider('loggerProvider', loggerProvider, 'getLogger');
  const known = registered.get(meterProvider);
  if (known !== undefined) {
    if (loggerProvider !== undefined) known.log(loggerProvider);
    return known;
  }

  const meter = meterProvider.getMeter(SCOPE, version);
  checkProvider('meter', meter, 'addBatchObservableCallback');
  const ends = [observe(meter, options)];
  const loggers = new WeakSet();
  const registration = {
    /** @param {LoggerProvider} provider  to which findings go as well */
    log(provider) {
      if (loggers.has(provider)) return;
      loggers.add(provider);
      ends.push(logFindings(provider));
    },
    stop() {
      for (const end of ends.splice(0)) end();
      registered.delete(meterProvider);
    },
  };
  if (loggerProvider !== undefined) registration.log(loggerProvider);
  registered.set(meterProvider, registration);
  return registration;
}

exports.register = register;
