'use strict';

/** Orders wait on one emitter for their payment: two hundred at any time, each gone when it came. */

const { EventEmitter, on, once } = require('node:events');
const { pace } = require('../../support/pace');

const PAYMENT_MS = 1_000;

const payments = new EventEmitter();
payments.setMaxListeners(0);

async function settle(order) {
  setTimeout(() => payments.emit(`paid-${order}`, order), PAYMENT_MS);
  const cancel = new AbortController();
  const onRefund = (id) => {
    if (id === order) cancel.abort();
  };
  payments.on('refund', onRefund);
  try {
    await once(payments, `paid-${order}`, { signal: cancel.signal });
  } finally {
    payments.off('refund', onRefund);
  }
}

/** Follows the journal for ten entries. */
async function audit() {
  let entries = 0;
  for await (const [entry] of on(payments, 'journal')) {
    entries += entry.cents > 0 ? 1 : 0;
    if (entries === 10) break;
  }
}

async function main() {
  const open = new Set();
  await pace(200, (order) => {
    const work = order % 10 === 0 ? audit() : settle(order);
    const settled = work.finally(() => open.delete(settled));
    open.add(settled);
    payments.emit('journal', { order, cents: 1 + (order % 900) });
  });
  while (open.size > 0) {
    payments.emit('journal', { order: -1, cents: 1 });
    await Promise.race(open);
  }
}

main();
