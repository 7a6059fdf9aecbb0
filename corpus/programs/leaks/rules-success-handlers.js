'use strict';

/** Discounts by json-rules-engine: one engine for all orders, and a handler added with each order. */

const { Engine } = require('json-rules-engine');
const { pace } = require('../../support/pace');

const ORDERS_PER_SECOND = 25;

const engine = new Engine([
  {
    name: 'bulk',
    conditions: { all: [{ fact: 'pieces', operator: 'greaterThanInclusive', value: 10 }] },
    event: { type: 'discount', params: { percent: 5 } },
  },
  {
    name: 'loyal',
    conditions: {
      any: [
        { fact: 'ordersBefore', operator: 'greaterThan', value: 20 },
        { fact: 'member', operator: 'equal', value: true },
      ],
    },
    event: { type: 'discount', params: { percent: 3 } },
  },
]);
// It warned of eleven listeners; there are never more than a few orders at once.
engine.setMaxListeners(0);

/** Orders are priced one after the other, so that a result is not taken for another order's. */
let before = Promise.resolve();

function price(order) {
  before = before.then(async () => {
    const lines = [];
    engine.on('success', ({ type, params }, _almanac, result) => {
      if (order.priced) return;
      lines.push({ type, percent: params.percent, rule: result.name });
    });
    await engine.run({
      pieces: order.pieces,
      ordersBefore: order.ordersBefore,
      member: order.member,
    });
    const percent = lines.reduce((sum, line) => sum + line.percent, 0);
    order.cents = Math.round(order.pieces * 450 * (1 - percent / 100));
    order.priced = true;
  });
  return before;
}

async function main() {
  await pace(ORDERS_PER_SECOND, (n) => {
    price({
      id: n,
      pieces: 1 + (n % 17),
      ordersBefore: n % 31,
      member: n % 4 === 0,
      note: `order ${n}`,
    });
  });
  await before;
}

main();
