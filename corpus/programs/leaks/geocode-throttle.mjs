/**
 * Addresses of new customers are geocoded, twenty a second as the service allows, by p-throttle. A third
 * of the time in, a campaign brings three times as many, and what is over waits, each by a timer.
 */

import pThrottle from 'p-throttle';
import pacing from '../../support/pace.js';

const ALLOWED_PER_SECOND = 20;
const SIGN_UPS_PER_SECOND = 12;
const CAMPAIGN_PER_SECOND = 60;
const CAMPAIGN_FROM = 1 / 3;

const places = { found: 0, north: 0 };

const throttle = pThrottle({ limit: ALLOWED_PER_SECOND, interval: 1000 });

const geocode = throttle(async ({ street, town }) => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return { lat: 45 + ((street.length * 7) % 10), lon: 5 + (town.length % 5) };
});

async function signUp(n) {
  const customer = { id: `customer-${n}`, street: `Mill Lane ${n % 300}`, town: `Town ${n % 70}` };
  const { lat } = await geocode(customer);
  places.found += 1;
  if (lat > 50) places.north += 1;
}

await pacing.pace(
  (share) => (share < CAMPAIGN_FROM ? SIGN_UPS_PER_SECOND : CAMPAIGN_PER_SECOND),
  (n) => {
    signUp(n);
  },
);
process.exit(places.found > 0 ? 0 : 1);
