'use strict';

/** Guards each account with an async-mutex of its own, kept in a Map from which none is taken. */

const { setTimeout: sleep } = require('node:timers/promises');
const { Mutex } = require('async-mutex');
const { pace } = require('../../support/pace');

const BOOKINGS_PER_SECOND = 150;

const mutexes = new Map();

function mutexOf(account) {
  let mutex = mutexes.get(account);
  if (mutex === undefined) {
    mutex = new Mutex();
    mutexes.set(account, mutex);
  }
  return mutex;
}

let booked = 0;

async function book(account, cents) {
  await mutexOf(account).runExclusive(async () => {
    await sleep(3);
    booked += cents;
  });
}

pace(BOOKINGS_PER_SECOND, (n) => {
  const account = n % 2 === 0 ? `guest-${n}` : `member-${n % 100}`;
  book(account, 100 + (n % 400));
}).then(() => process.exit(booked > 0 ? 0 : 1));
