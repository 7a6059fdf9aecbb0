/** Orders wait for their payment with p-wait-for; some are never paid, and the wait has no end. */

import pWaitFor from 'p-wait-for';
import pacing from '../../support/pace.js';

const ORDERS_PER_SECOND = 30;
const PAID_AFTER_MS = 600;
const LOOK_EVERY_MS = 400;

class Payments {
  #paid = new Set();

  confirm(order) {
    this.#paid.add(order);
  }

  has(order) {
    return this.#paid.has(order);
  }

  settle(order) {
    this.#paid.delete(order);
  }
}

const payments = new Payments();
const shipped = { orders: 0, cents: 0 };

async function ship(order) {
  await pWaitFor(() => payments.has(order.id), { interval: LOOK_EVERY_MS });
  payments.settle(order.id);
  shipped.orders += 1;
  shipped.cents += order.cents;
}

await pacing.pace(ORDERS_PER_SECOND, (n) => {
  const order = { id: `order-${n}`, cents: 900 + (n % 500), address: `${n % 90} Mill Lane` };
  ship(order);
  const abandoned = n % 3 === 0;
  if (!abandoned) setTimeout(() => payments.confirm(order.id), PAID_AFTER_MS);
});
process.exit(shipped.orders > 0 ? 0 : 1);
