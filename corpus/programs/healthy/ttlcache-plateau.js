'use strict';

/** Geocodes in @isaacs/ttlcache for three seconds: level from then on. */

const { TTLCache } = require('@isaacs/ttlcache');
const { pace } = require('../../support/pace');

const geocodes = new TTLCache({ ttl: 3_000 });

function geocode(address) {
  const known = geocodes.get(address);
  if (known !== undefined) return known;
  const place = { address, latitude: Math.random() * 90, longitude: Math.random() * 180 };
  geocodes.set(address, place);
  return place;
}

async function main() {
  await pace(700, (n) => geocode(`${n} Main Street`));
  geocodes.cancelTimer();
}

main();
