'use strict';

/** Takes webhooks in bursts and remembers the id of every delivery, so that none is taken twice. */

const { randomUUID } = require('node:crypto');
const { pace } = require('../../support/pace');

/** A provider that delivers every second what has happened in it. */
const BURST_SHARE = 0.2;
const BURST_PER_SECOND = 750;

const delivered = new Set();
const balance = new Map();

function receive(delivery) {
  if (delivered.has(delivery.id)) return;
  delivered.add(delivery.id);
  balance.set(delivery.account, (balance.get(delivery.account) ?? 0) + delivery.cents);
}

let last;

pace(
  () => (performance.now() % 1000 < BURST_SHARE * 1000 ? BURST_PER_SECOND : 0),
  (n) => {
    // A delivery in ten comes again.
    const delivery =
      n % 10 === 9 ? last : { id: randomUUID(), account: n % 40, cents: 100 + (n % 900) };
    last = delivery;
    receive(delivery);
  },
).then(() => process.exit(0));
