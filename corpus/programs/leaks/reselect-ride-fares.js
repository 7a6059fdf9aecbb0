'use strict';

/** Fares by a selector of reselect: its default memory keeps a result per distance that was ever asked. */

const { createSelector } = require('reselect');
const { pace } = require('../../support/pace');

const RIDES_PER_SECOND = 80;

/** The tables of the year; they stay the same objects. */
const tables = {
  zones: Array.from({ length: 12 }, (_, zone) => ({ zone, cents: 180 + zone * 35 })),
  surcharges: [
    { from: 22, percent: 25 },
    { from: 5, percent: 0 },
  ],
};

const selectFare = createSelector(
  [
    ({ zones }) => zones,
    ({ surcharges }) => surcharges,
    (_tables, ride) => ride.zone,
    (_tables, ride) => ride.metres,
    (_tables, ride) => ride.hour,
  ],
  (zones, surcharges, zone, metres, hour) => {
    const base = zones[zone].cents + metres * 0.12;
    const { percent } = hour >= surcharges[0].from ? surcharges[0] : surcharges[1];
    return { zone, metres, cents: Math.round(base * (1 + percent / 100)), percent };
  },
);

async function main() {
  let cents = 0;
  await pace(RIDES_PER_SECOND, (n) => {
    const ride = { zone: n % 12, metres: 400 + Math.random() * 20_000, hour: n % 24 };
    cents += selectFare(tables, ride).cents;
  });
  process.exit(cents > 0 ? 0 : 1);
}

main();
