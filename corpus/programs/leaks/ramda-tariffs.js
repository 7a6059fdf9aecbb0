'use strict';

/** Freight tariffs, memoized with ramda by route, weight and the time of departure in milliseconds. */

const R = require('ramda');
const { pace } = require('../../support/pace');

const QUOTES_PER_SECOND = 200;
const ZONES = ['north', 'south', 'east', 'west', 'islands'];

const zoneOf = R.memoizeWith(String, (postcode) => ZONES[postcode % ZONES.length]);

const tariff = R.memoizeWith(
  (from, to, kilos, departure) => [from, to, kilos, departure.getTime()].join('|'),
  (from, to, kilos, departure) => {
    const distance = Math.abs(ZONES.indexOf(from) - ZONES.indexOf(to)) + 1;
    const night = departure.getHours() < 6;
    return {
      net: distance * kilos * (night ? 0.8 : 1),
      surcharges: R.filter(
        ({ amount }) => amount > 0,
        [
          { name: 'fuel', amount: distance * 0.4 },
          { name: 'bulk', amount: kilos > 20 ? 7 : 0 },
        ],
      ),
    };
  },
);

const total = ({ net, surcharges }) => net + R.sum(R.pluck('amount', surcharges));

const totals = { quotes: 0, turnover: 0 };

function quote(n) {
  const from = zoneOf(1000 + (n % 90));
  const to = zoneOf(2000 + (n % 70));
  totals.quotes += 1;
  totals.turnover += total(tariff(from, to, 1 + (n % 30), new Date(Date.now() + n)));
}

pace(QUOTES_PER_SECOND, quote);
