'use strict';

/**
 * Trips of a bike hire in crossfilter, of which the last 300 are kept. Each view of the statistics makes
 * a group of its own; without dispose() it goes on counting for a view that has been closed.
 */

const crossfilter = require('crossfilter2');
const { pace } = require('../../support/pace');

const VIEWS_PER_SECOND = 8;
const TRIPS_EVERY_MS = 200;
const TRIPS_AT_ONCE = 15;
const KEEP_TRIPS = 300;

const trips = crossfilter([]);
const byStation = trips.dimension(({ station }) => station);
const byMinutes = trips.dimension(({ minutes }) => minutes);
let number = 0;

function returnBikes() {
  const records = Array.from({ length: TRIPS_AT_ONCE }, () => {
    number += 1;
    return { number, station: `station-${number % 12}`, minutes: 5 + (number % 55) };
  });
  trips.add(records);
  const oldest = number - KEEP_TRIPS;
  trips.remove((trip) => trip.number <= oldest);
}

function showView(n) {
  if (n % 2 === 0) {
    const group = byStation.group().reduceSum(({ minutes }) => minutes);
    return group.top(3);
  }
  const width = 5 + (n % 3) * 5;
  const group = byMinutes.group((minutes) => Math.floor(minutes / width) * width).reduceCount();
  return group.all().slice(0, 5);
}

async function main() {
  let rows = 0;
  const hire = setInterval(returnBikes, TRIPS_EVERY_MS);
  returnBikes();
  await pace(VIEWS_PER_SECOND, (n) => {
    rows += showView(n).length;
  });
  clearInterval(hire);
  process.exit(rows > 0 ? 0 : 1);
}

main();
