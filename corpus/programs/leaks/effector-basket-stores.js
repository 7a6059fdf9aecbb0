'use strict';

/** Baskets as stores of effector, wired to the event that all share; what is left by its owner stays wired. */

const { createEvent, createStore } = require('effector');
const { pace } = require('../../support/pace');

const BASKETS_PER_SECOND = 25;
const SHOPPING_MS = 700;
const RATES_MS = 500;

const rateChanged = createEvent();

function openBasket(id) {
  const itemAdded = createEvent();
  const basket = createStore({ id, items: [], rate: 1 })
    .on(itemAdded, (state, item) => ({ ...state, items: [...state.items, item] }))
    .on(rateChanged, (state, rate) => ({ ...state, rate }));
  const total = basket.map(({ items, rate }) =>
    Math.round(items.reduce((sum, { cents }) => sum + cents, 0) * rate),
  );
  return { itemAdded, total };
}

async function main() {
  let revenue = 0;
  let changes = 0;
  const bank = setInterval(() => {
    changes += 1;
    rateChanged(1 + (changes % 10) / 100);
  }, RATES_MS);
  await pace(BASKETS_PER_SECOND, (n) => {
    const { itemAdded, total } = openBasket(n);
    for (let item = 0; item < 3; item += 1) itemAdded({ item, cents: 100 + ((n + item) % 900) });
    setTimeout(() => {
      revenue += total.getState();
    }, SHOPPING_MS);
  });
  clearInterval(bank);
  process.exit(revenue > 0 ? 0 : 1);
}

main();
