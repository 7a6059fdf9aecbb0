'use strict';

/**
 * Tax on freight, compiled from TypeScript: a decorator remembers what a method answered, per instance
 * and by all its arguments. The weight in grams and the value in cents hardly ever come twice.
 */

const pace_1 = require('../../support/pace');

const __decorate = (decorators, target, key) => {
  let descriptor = Object.getOwnPropertyDescriptor(target, key);
  for (const decorate of decorators.reverse())
    descriptor = decorate(target, key, descriptor) ?? descriptor;
  Object.defineProperty(target, key, descriptor);
};

const PARCELS_PER_SECOND = 300;
const COUNTRIES = ['DE', 'FR', 'NL', 'PL', 'SE'];

function Memo() {
  const memories = new WeakMap();
  return (_target, _key, descriptor) => {
    const compute = descriptor.value;
    descriptor.value = function (...args) {
      let memory = memories.get(this);
      if (memory === undefined) {
        memory = new Map();
        memories.set(this, memory);
      }
      const key = JSON.stringify(args);
      if (!memory.has(key)) memory.set(key, compute.apply(this, args));
      return memory.get(key);
    };
    return descriptor;
  };
}

class TaxService {
  constructor(rates) {
    this.rates = rates;
  }
  rateOf(country) {
    return this.rates.get(country) ?? 0.2;
  }
  taxOf(country, parcel) {
    const duty = parcel.grams > 2000 ? 250 : 0;
    return Math.round(parcel.cents * this.rateOf(country)) + duty;
  }
}
__decorate([Memo()], TaxService.prototype, 'rateOf');
__decorate([Memo()], TaxService.prototype, 'taxOf');

async function main() {
  const service = new TaxService(new Map(COUNTRIES.map((country, n) => [country, 0.19 + n / 100])));
  let total = 0;
  await pace_1.pace(PARCELS_PER_SECOND, (n) => {
    const parcel = {
      cents: 500 + Math.floor(Math.random() * 200_000),
      grams: 100 + Math.floor(Math.random() * 9_000),
    };
    total += service.taxOf(COUNTRIES[n % COUNTRIES.length], parcel);
  });
  process.exit(total > 0 ? 0 : 1);
}

main();
