'use strict';

/** Shipping rates in node-cache, good for seven seconds: it fills for that long, then stays level. */

const NodeCache = require('node-cache');
const { pace } = require('../../support/pace');

const rates = new NodeCache({ stdTTL: 7.5, checkperiod: 0.5 });

function rate(parcel) {
  const known = rates.get(parcel);
  if (known !== undefined) return known;
  const fresh = { parcel, zone: parcel % 9, cents: 300 + (parcel % 700) };
  rates.set(parcel, fresh);
  return fresh;
}

async function main() {
  await pace(900, rate);
  rates.close();
}

main();
