'use strict';

/**
 * Tells accounting systems of invoices. For a second and a half in every five theirs is away, and what
 * was not taken is tried again, ever later; it is all delivered before they go away again.
 */

const { setTimeout: wait } = require('node:timers/promises');
const { nanoid } = require('nanoid');
const { SECONDS, pace } = require('../../support/pace');

const INVOICES_PER_SECOND = 70;
const EVERY_SECONDS = 5;
const AWAY_FROM_SECOND = 0.8;
const AWAY_SECONDS = 1.5;
const FIRST_RETRY_MS = 120;
const MAX_RETRY_MS = 700;
const KEEP_DELIVERED = 100;

const outbox = new Map();
const delivered = [];
const clock = { away: false };

async function post(invoice) {
  await wait(8);
  if (clock.away) throw Object.assign(new Error('connection refused'), { invoice: invoice.id });
  return { status: 202, receipt: nanoid() };
}

async function deliver(entry) {
  for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, MAX_RETRY_MS)) {
    try {
      entry.attempts += 1;
      const { receipt } = await post(entry.invoice);
      outbox.delete(entry.invoice.id);
      delivered.push({ id: entry.invoice.id, receipt, attempts: entry.attempts });
      if (delivered.length > KEEP_DELIVERED) delivered.shift();
      return;
    } catch (error) {
      entry.lastError = error;
      await wait(pause * (0.8 + Math.random() * 0.4));
    }
  }
}

async function main() {
  await pace(
    (share) => {
      const second = (share * SECONDS) % EVERY_SECONDS;
      clock.away = second >= AWAY_FROM_SECOND && second < AWAY_FROM_SECOND + AWAY_SECONDS;
      return INVOICES_PER_SECOND;
    },
    (n) => {
      const lines = Array.from({ length: 2 + (n % 4) }, (_, line) => ({
        line,
        cents: 100 * line + n,
      }));
      const entry = { invoice: { id: `2031-${n}`, lines }, attempts: 0, lastError: undefined };
      outbox.set(entry.invoice.id, entry);
      deliver(entry);
    },
  );
  clock.away = false;
}

main();
