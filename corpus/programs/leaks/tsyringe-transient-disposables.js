'use strict';

/** Quotes by a calculator from tsyringe, a new one per request; as it can be disposed, the container keeps it. */

require('reflect-metadata');
const { container } = require('tsyringe');
const { pace } = require('../../support/pace');

const QUOTES_PER_SECOND = 50;

class Currency {
  constructor() {
    this.rates = { EUR: 1, CHF: 0.96, SEK: 11.2 };
  }

  convert(cents, currency) {
    return Math.round(cents * this.rates[currency]);
  }
}

class QuoteCalculator {
  constructor() {
    this.currency = container.resolve('Currency');
    this.positions = [];
    this.done = false;
  }

  add(article, pieces, cents) {
    this.positions.push({ article, pieces, cents: pieces * cents });
    return this;
  }

  total(currency) {
    const sum = this.positions.reduce((total, { cents }) => total + cents, 0);
    return this.currency.convert(sum, currency);
  }

  dispose() {
    this.done = true;
    this.positions = [];
  }
}

container.registerSingleton('Currency', Currency);
container.register('QuoteCalculator', { useClass: QuoteCalculator });

function quote(n) {
  const calculator = container.resolve('QuoteCalculator');
  try {
    for (let position = 0; position < 4; position += 1) {
      calculator.add(`article ${(n + position) % 200}`, 1 + (n % 5), 250 + position);
    }
    return calculator.total(['EUR', 'CHF', 'SEK'][n % 3]);
  } finally {
    calculator.dispose();
  }
}

async function main() {
  let sum = 0;
  await pace(QUOTES_PER_SECOND, (n) => {
    sum += quote(n);
  });
  process.exit(sum > 0 ? 0 : 1);
}

main();
