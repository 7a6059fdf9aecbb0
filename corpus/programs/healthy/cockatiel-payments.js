'use strict';

/** Payments with cockatiel: retried with backoff until they succeed, each with a signal of its own that ends at shutdown. */

const { setMaxListeners } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const {
  ConsecutiveBreaker,
  ExponentialBackoff,
  TimeoutStrategy,
  bulkhead,
  circuitBreaker,
  handleAll,
  retry,
  timeout,
  wrap,
} = require('cockatiel');
const { pace } = require('../../support/pace');

const PAYMENTS_PER_SECOND = 35;

const shutdown = new AbortController();
setMaxListeners(0, shutdown.signal);

const retries = retry(handleAll, {
  maxAttempts: 6,
  backoff: new ExponentialBackoff({ initialDelay: 30, maxDelay: 400 }),
});
const breaker = circuitBreaker(handleAll, {
  halfOpenAfter: 100,
  breaker: new ConsecutiveBreaker(60),
});
const policy = wrap(bulkhead(40, 200), retries, breaker, timeout(150, TimeoutStrategy.Cooperative));

const counted = { paid: 0, attempts: 0, retried: 0, refused: 0 };
retries.onRetry(() => {
  counted.retried += 1;
});

class Payment {
  #failures;

  constructor(id) {
    this.id = id;
    this.lines = Array.from({ length: 10 }, (_, line) => ({ line, cents: id + line }));
    // The bank is busy: one in four fails at first, some of them twice.
    this.#failures = id % 4 === 0 ? 1 + (id % 3) : 0;
  }

  async send(signal) {
    counted.attempts += 1;
    // One in twenty hangs until it is given up.
    const busy = this.#failures > 0;
    this.#failures -= 1;
    await sleep(busy && this.id % 20 === 0 ? 2_000 : 25, undefined, { signal });
    if (busy) throw new Error('the bank is busy');
    return { receipt: `receipt of ${this.id}`, lines: this.lines.length };
  }
}

async function pay(id) {
  const payment = new Payment(id);
  const own = new AbortController();
  const cancel = () => own.abort();
  shutdown.signal.addEventListener('abort', cancel);
  try {
    await policy.execute(async ({ signal }) => payment.send(signal), own.signal);
    counted.paid += 1;
  } catch {
    counted.refused += 1;
  } finally {
    shutdown.signal.removeEventListener('abort', cancel);
  }
}

async function main() {
  const open = new Set();
  await pace(PAYMENTS_PER_SECOND, (id) => {
    const paid = pay(id).finally(() => open.delete(paid));
    open.add(paid);
  });
  await Promise.all(open);
  shutdown.abort();
}

main();
