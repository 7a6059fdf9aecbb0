import type { MetricsOptions } from './index.js';

/** What is asked of a MeterProvider: one of OpenTelemetry's SDK. */
export interface MeterProvider {
  // biome-ignore lint/suspicious/noExplicitAny: no type of an optional package is named here.
  getMeter(name: string, version?: string): any;
}

/** What is asked of a LoggerProvider. */
export interface LoggerProvider {
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  getLogger(name: string, version?: string): any;
}

export interface Options extends MetricsOptions {
  /** Default: the global one of `@opentelemetry/api`. */
  meterProvider?: MeterProvider;
  /** Gets every finding as an event, `leakguard.finding`. Default: none. */
  loggerProvider?: LoggerProvider;
}

/**
 * Observes the metrics whenever the provider's readers collect, and logs findings. A second time on the same provider
 * does nothing.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION` for an unknown option, for what is no provider, and where none is given
 *   and there is no `@opentelemetry/api`; `ERR_LEAKGUARD_NATIVE`
 * @example
 * const registration = require('leakguard/opentelemetry').register({ meterProvider, loggerProvider });
 * registration.stop();
 */
export function register(options?: Options): { stop(): void };
