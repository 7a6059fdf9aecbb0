'use strict';

/** Spans of a shop, gathered by OpenTelemetry's batch processor and sent off every two and a half seconds. */

const { context, trace, SpanStatusCode } = require('@opentelemetry/api');
const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { setTimeout: sleep } = require('node:timers/promises');
const { pace } = require('../../support/pace');

const SEND_EACH_MS = 2_500;
const REQUESTS_PER_SECOND = 45;

class CollectorExporter {
  sent = { batches: 0, spans: 0, bytes: 0 };

  export(spans, done) {
    const body = JSON.stringify(
      spans.map(({ name, attributes, events, duration, status }) => ({
        name,
        attributes,
        events: events.length,
        duration,
        status,
      })),
    );
    setTimeout(() => {
      this.sent.batches += 1;
      this.sent.spans += spans.length;
      this.sent.bytes += body.length;
      done({ code: 0 });
    }, 50);
  }

  async shutdown() {}
}

const provider = new BasicTracerProvider({
  spanProcessors: [
    new BatchSpanProcessor(new CollectorExporter(), {
      scheduledDelayMillis: SEND_EACH_MS,
      maxExportBatchSize: 2_048,
      maxQueueSize: 4_096,
    }),
  ],
});
const tracer = provider.getTracer('shop');

async function within(parent, name, attributes, work) {
  const span = tracer.startSpan(name, { attributes }, parent);
  try {
    return await work(trace.setSpan(parent, span), span);
  } catch (error) {
    span.recordException(error);
    span.setStatus({ code: SpanStatusCode.ERROR });
    return null;
  } finally {
    span.end();
  }
}

function handle(n) {
  const attributes = { 'http.method': 'GET', 'http.route': '/articles/:id', 'user.id': `u${n}` };
  return within(context.active(), 'request', attributes, async (here, span) => {
    const rows = await within(here, 'select', { 'db.table': `articles_${n % 8}` }, () =>
      sleep(12, [n, n + 1]),
    );
    span.addEvent('selected', { rows: rows.length });
    return within(here, 'render', { template: `page-${n % 5}` }, async () => {
      await sleep(4);
      if (n % 25 === 0) throw new Error('the template is wrong');
      return rows.join();
    });
  });
}

async function main() {
  const open = new Set();
  await pace(REQUESTS_PER_SECOND, (n) => {
    const handled = handle(n).finally(() => open.delete(handled));
    open.add(handled);
  });
  await Promise.all(open);
  await provider.shutdown();
}

main();
