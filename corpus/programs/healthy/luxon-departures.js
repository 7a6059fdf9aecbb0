'use strict';

/** Departures in the traveller's language and zone: a formatter per pair is made once, all 60 of them in the first seconds. */

const { DateTime, Duration, Interval, Settings } = require('luxon');
const { pace } = require('../../support/pace');

const LOCALES = ['en-GB', 'de', 'fr', 'nb', 'sv', 'da', 'fi', 'it', 'es', 'nl', 'pl', 'cs'];
const ZONES = ['Europe/Oslo', 'Europe/London', 'Europe/Athens', 'Asia/Tokyo', 'America/New_York'];

Settings.throwOnInvalid = true;
const opening = DateTime.utc(2024, 3, 1, 6);
const prices = new Map();

function priceFormat(locale) {
  let format = prices.get(locale);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' });
    prices.set(locale, format);
  }
  return format;
}

class Departure {
  constructor(number) {
    this.number = number;
    this.leaves = opening.plus({ minutes: number * 7 });
    this.takes = Duration.fromObject({ minutes: 35 + ((number * 11) % 400) });
  }

  describe(locale, zone) {
    const leaves = this.leaves.setZone(zone).setLocale(locale);
    const trip = Interval.after(leaves, this.takes);
    return [
      leaves.toLocaleString(DateTime.DATETIME_MED),
      trip.end.toFormat('cccc HH:mm'),
      this.takes.shiftTo('hours', 'minutes').reconfigure({ locale }).toHuman(),
      priceFormat(locale).format(this.takes.as('minutes') * 0.21),
    ].join(', ');
  }
}

const board = { shown: 0 };
pace(50, (n) => {
  const locale = LOCALES[n % LOCALES.length];
  const zone = ZONES[Math.floor(n / LOCALES.length) % ZONES.length];
  for (let i = 0; i < 4; i += 1)
    board.shown += new Departure((n * 4 + i) % 9_000).describe(locale, zone).length;
});
