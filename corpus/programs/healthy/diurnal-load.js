'use strict';

/** Two days of a ticket shop in one run: load rises and falls, and what is open with it. */

const { EventEmitter } = require('node:events');
const { pace } = require('../../support/pace');

const DAYS = 2;
const RESERVATION_MS = 1_500;
const NOON_PER_SECOND = 2_000;
const NIGHT_PER_SECOND = 100;

const seats = new EventEmitter();
seats.setMaxListeners(0);
const reservations = new Map();

function reserve(id) {
  const onSold = (sold) => {
    if (sold === id) reservations.delete(id);
  };
  seats.on('sold', onSold);
  const timer = setTimeout(() => {
    seats.off('sold', onSold);
    reservations.delete(id);
  }, RESERVATION_MS);
  reservations.set(id, { id, timer, seats: [id % 500, (id % 500) + 1] });
  if (id % 20 === 0) seats.emit('sold', id - 100);
}

function rateAt(share) {
  const daylight = (1 - Math.cos(share * DAYS * 2 * Math.PI)) / 2;
  return NIGHT_PER_SECOND + (NOON_PER_SECOND - NIGHT_PER_SECOND) * daylight;
}

async function main() {
  await pace(rateAt, reserve);
  for (const { timer } of reservations.values()) clearTimeout(timer);
}

main();
