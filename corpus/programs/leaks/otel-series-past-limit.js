'use strict';

/** Requests counted per user with OpenTelemetry; the limit of series is one of each export, not of all time. */

const {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require('@opentelemetry/sdk-metrics');
const { pace } = require('../../support/pace');

const REQUESTS_PER_SECOND = 100;
const EXPORT_MS = 500;
const MAX_SERIES = 150;

/** Sends nowhere; what a collector would be sent is summed up. */
class Exporter {
  exported = 0;

  export(batch, done) {
    for (const { metrics } of batch.scopeMetrics) {
      for (const { dataPoints } of metrics) this.exported += dataPoints.length;
    }
    done({ code: 0 });
  }

  selectAggregationTemporality() {
    return AggregationTemporality.CUMULATIVE;
  }

  async forceFlush() {}

  async shutdown() {}
}

async function main() {
  const exporter = new Exporter();
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_MS })],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: MAX_SERIES }],
  });
  const meter = provider.getMeter('shop');
  const requests = meter.createCounter('requests');
  const durations = meter.createHistogram('duration', { unit: 'ms' });
  let open = 0;
  meter.createObservableGauge('open').addCallback((result) => result.observe(open));
  await pace(REQUESTS_PER_SECOND, (n) => {
    const attributes = { user: `user-${n}`, route: '/orders' };
    open += 1;
    setTimeout(() => {
      open -= 1;
      requests.add(1, attributes);
      durations.record(3 + (n % 90), attributes);
    }, 20);
  });
  await provider.shutdown();
}

main();
