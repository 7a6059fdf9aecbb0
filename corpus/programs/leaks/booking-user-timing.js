'use strict';

/**
 * A booking service measures its steps with marks and measures of the global performance timeline,
 * and reads each by an observer. Nobody clears the timeline.
 */

const { performance, PerformanceObserver } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { pace } = require('../../support/pace');

const BOOKINGS_PER_SECOND = 25;

const slowest = new Map();

const observer = new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) {
    const step = name.split(':')[0];
    slowest.set(step, Math.max(slowest.get(step) ?? 0, duration));
  }
});
observer.observe({ entryTypes: ['measure'] });

async function measured(step, booking, work) {
  const start = `${step}:${booking.id}:start`;
  performance.mark(start, { detail: { booking: booking.id, seats: booking.seats } });
  try {
    return await work();
  } finally {
    performance.measure(`${step}:${booking.id}`, { start, detail: booking.id });
  }
}

async function book(booking) {
  await measured('hold', booking, () => sleep(3));
  await measured('pay', booking, () => sleep(6));
}

async function main() {
  const counts = { booked: 0 };
  await pace(BOOKINGS_PER_SECOND, (n) => {
    book({ id: n, seats: [n % 40, (n % 40) + 1] }).then(() => {
      counts.booked += 1;
    });
  });
  observer.disconnect();
}

main();
