'use strict';

/** A restaurant with node-schedule: a job per reservation that fires a second later or is cancelled, and one that recurs. */

const schedule = require('node-schedule');
const { pace } = require('../../support/pace');

const REMIND_AFTER_MS = 1_000;

const reservations = new Map();
const counted = { reminded: 0, cancelled: 0, days: 0 };

function reserve(n) {
  const reservation = {
    n,
    guest: `guest ${n}`,
    seats: 2 + (n % 5),
    wishes: ['window', `cake ${n}`],
  };
  const at = new Date(Date.now() + REMIND_AFTER_MS);
  reservation.reminder = schedule.scheduleJob(`reminder-${n}`, at, () => {
    counted.reminded += 1;
    reservations.delete(n);
  });
  reservations.set(n, reservation);
}

function cancel(n) {
  const reservation = reservations.get(n);
  if (reservation === undefined) return;
  reservation.reminder.cancel();
  reservations.delete(n);
  counted.cancelled += 1;
}

async function main() {
  const closing = schedule.scheduleJob('closing', '*/2 * * * * *', () => {
    counted.days += 1;
  });
  await pace(20, (n) => {
    reserve(n);
    if (n % 3 === 0) cancel(n - 6);
  });
  closing.cancel();
  await schedule.gracefulShutdown();
}

main();
