'use strict';

/** Delivers webhooks with async-retry, for ever; after a while one of the receivers is gone for good. */

const retry = require('async-retry');
const { SECONDS, pace } = require('../../support/pace');

const EVENTS_PER_SECOND = 40;
const RECEIVERS = 8;
const GONE = 5;
const GONE_AFTER_MS = SECONDS * 200;

const startedAt = performance.now();
const totals = { delivered: 0, failed: 0 };

/** The receivers, of which any may be busy and one closes down. */
async function post(receiver, body) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const gone = receiver === GONE && performance.now() - startedAt > GONE_AFTER_MS;
  if (gone) throw new Error('ECONNREFUSED');
  if (Math.random() < 0.05) throw new Error('503');
  return body.length;
}

function deliver(event) {
  const body = JSON.stringify(event);
  return retry(
    async () => {
      await post(event.receiver, body);
      totals.delivered += 1;
    },
    {
      forever: true,
      factor: 2,
      minTimeout: 100,
      maxTimeout: 2000,
      onRetry: () => {
        totals.failed += 1;
      },
    },
  );
}

async function main() {
  await pace(EVENTS_PER_SECOND, (n) => {
    deliver({
      id: n,
      receiver: n % RECEIVERS,
      type: n % 3 === 0 ? 'order.paid' : 'order.sent',
      payload: { order: n, lines: [n % 7, n % 11], note: 'n/a '.repeat(30) },
    });
  });
  process.exit(0);
}

main();
