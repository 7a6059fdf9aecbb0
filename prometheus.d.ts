import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MetricsOptions } from './index.js';

export type { MetricsOptions } from './index.js';
export { metrics } from './index.js';

/**
 * Answers scrapes: for `node:http`, Express and whatever else hands out Node's request and response. It never fails: where
 * nothing can be told, `leakguard_up` is 0 and the rest is missing.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`
 * @example
 * http.createServer(prometheus.handler()).listen(9464, '127.0.0.1');
 * app.get('/metrics', prometheus.handler({ release: '1.4.2' }));
 */
export function handler(
  options?: MetricsOptions,
): (request: IncomingMessage, response: ServerResponse) => void;

/** What is asked of a registry of `prom-client`. */
export interface Registry {
  // biome-ignore lint/suspicious/noExplicitAny: the metrics of prom-client are classes of its own.
  registerMetric(metric: any): void;
  removeSingleMetric(name: string): void;
  getSingleMetric?(name: string): unknown;
}

/**
 * Adds the metrics to those that a service has in `prom-client` already. A second time on the same registry does nothing.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION` for what is no registry
 * @example
 * const registration = prometheus.register(require('prom-client').register);
 * registration.stop();
 */
export function register(registry: Registry, options?: MetricsOptions): { stop(): void };
