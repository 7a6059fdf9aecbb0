'use strict';

/** Prices journeys with fast-memoize, which keeps every answer under its serialised arguments. */

const memoize = require('fast-memoize');
const { pace } = require('../../support/pace');

const QUOTES_PER_SECOND = 200;

const TOWNS = ['Ulm', 'Bonn', 'Jena', 'Kiel', 'Trier', 'Worms'];

/** Each leg costs by distance and hour. */
function priceJourney(journey) {
  const legs = journey.via.map((town, leg) => ({
    town,
    leg,
    cents: 700 + ((journey.departure / 1000 + leg * 311) % 900),
  }));
  return { legs, cents: legs.reduce((sum, { cents }) => sum + cents, 0) };
}

const quote = memoize(priceJourney);

let total = 0;

pace(QUOTES_PER_SECOND, (n) => {
  const journey = {
    via: [TOWNS[n % 6], TOWNS[(n + 2) % 6], TOWNS[(n + 3) % 6]],
    departure: 1_700_000_000_000 + n * 60_000,
  };
  total += quote(journey).cents;
}).then(() => process.exit(total > 0 ? 0 : 1));
