'use strict';

/** Weather by place in an lru-cache with a ttl of an hour but no max: nothing is evicted within the hour. */

const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const LOOKUPS_PER_SECOND = 300;
const HOUR_MS = 3_600_000;

const forecasts = new LRUCache({ ttl: HOUR_MS });

function forecast(latitude, longitude) {
  const key = `${latitude.toFixed(4)},${longitude.toFixed(4)}`;
  let found = forecasts.get(key);
  if (found === undefined) {
    found = {
      key,
      hours: Array.from({ length: 24 }, (_, hour) => ({ hour, celsius: 10 + (hour % 12) })),
    };
    forecasts.set(key, found);
  }
  return found;
}

let warm = 0;

pace(LOOKUPS_PER_SECOND, (n) => {
  // Telephones tell where they are to the metre; one in three has not moved.
  const step = n % 3 === 0 ? n % 90 : n;
  warm += forecast(48 + step / 10_000, 11 - step / 10_000).hours[12].celsius;
}).then(() => process.exit(warm > 0 ? 0 : 1));
