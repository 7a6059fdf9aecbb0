'use strict';

/** Writes to a ledger under an async-mutex; a failed write forgets to release it, and then all wait. */

const { setTimeout: sleep } = require('node:timers/promises');
const { Mutex } = require('async-mutex');
const { pace } = require('../../support/pace');

const BOOKINGS_PER_SECOND = 120;

const mutex = new Mutex();
const ledger = new Map();

async function append(booking) {
  await sleep(2);
  if (booking.account === 'closed') throw new Error('the account is closed');
  ledger.set(booking.account, (ledger.get(booking.account) ?? 0) + booking.cents);
}

async function book(booking) {
  const release = await mutex.acquire();
  try {
    await append(booking);
    release();
  } catch {
    booking.refused = true;
  }
}

pace(BOOKINGS_PER_SECOND, (n) => {
  book({
    account: n % 50 === 7 ? 'closed' : `account-${n % 100}`,
    cents: 100 + (n % 900),
    text: `booking ${n}`,
    at: new Date(),
  });
}).then(() => process.exit(0));
