'use strict';

/**
 * Imports feeds of suppliers. A feed that fails is reported with the failure before it as its cause,
 * "to see how it came about", so each error of VError holds all before it.
 */

const VError = require('verror');
const Papa = require('papaparse');
const { pace } = require('../../support/pace');

const FEEDS_PER_SECOND = 50;
const SUPPLIERS = 12;

class Importer {
  constructor() {
    this.stock = new Map();
    this.lastFailure = null;
  }

  read(feed) {
    const { data } = Papa.parse(feed.text, { header: true, skipEmptyLines: true });
    for (const row of data) {
      if (row.sku === undefined || Number.isNaN(Number(row.count))) {
        throw new TypeError(`row ${JSON.stringify(row)} of ${feed.supplier}`);
      }
      this.stock.set(row.sku, Number(row.count));
    }
    return data.length;
  }

  run(feed) {
    try {
      return this.read(feed);
    } catch (error) {
      this.report(feed, error);
      return 0;
    }
  }

  report(feed, error) {
    this.lastFailure = new VError(
      {
        name: 'FeedError',
        cause: this.lastFailure ?? error,
        info: {
          feed: feed.number,
          supplier: feed.supplier,
          text: feed.text,
          reason: error.message,
        },
        skipCauseMessage: true,
      },
      'feed %d of %s failed',
      feed.number,
      feed.supplier,
    );
  }
}

function feed(number) {
  const rows = Array.from(
    { length: 15 },
    (_, row) => `sku-${(number * 15 + row) % 600},${row * 3}`,
  );
  if (number % 5 === 0) rows.splice(7, 0, `sku-${number % 600},soon`);
  return {
    number,
    supplier: `supplier-${number % SUPPLIERS}`,
    text: ['sku,count', ...rows].join('\n'),
  };
}

const importer = new Importer();
pace(FEEDS_PER_SECOND, (n) => importer.run(feed(n)));
