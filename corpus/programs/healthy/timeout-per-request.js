'use strict';

/**
 * Deliveries with a reminder: most are confirmed and their timer cleared, the others' fires after two
 * seconds, so that hundreds of timers are under way at any time.
 */

const { pace } = require('../../support/pace');

const REMINDER_MS = 2_000;
const CONFIRMATION_MS = 400;

const open = new Map();
const sent = { reminders: 0 };

function deliver(id) {
  const reminder = setTimeout(() => {
    open.delete(id);
    sent.reminders += 1;
  }, REMINDER_MS);
  open.set(id, reminder);
  if (id % 4 !== 0) setTimeout(() => confirm(id), CONFIRMATION_MS);
}

function confirm(id) {
  clearTimeout(open.get(id));
  open.delete(id);
}

async function main() {
  await pace(1_500, deliver);
  for (const reminder of open.values()) clearTimeout(reminder);
}

main();
