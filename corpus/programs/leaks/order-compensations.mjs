/**
 * Orders as a saga: each step says how to undo it. A committed order forgets its undo steps, one that
 * was rolled back does not.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import pacing from '../../support/pace.js';

const ORDERS_PER_SECOND = 60;

const Order = z.object({
  id: z.number(),
  customer: z.string().min(3),
  lines: z.array(z.object({ sku: z.string(), count: z.number().int().positive() })).min(1),
});

class Saga {
  #undoSteps = [];

  did(orderId, undo) {
    this.#undoSteps.push({ orderId, undo });
  }

  commit(orderId) {
    this.#undoSteps = this.#undoSteps.filter((step) => step.orderId !== orderId);
  }

  async rollBack(orderId) {
    const steps = this.#undoSteps.filter((step) => step.orderId === orderId).reverse();
    for (const { undo } of steps) await undo();
  }
}

const saga = new Saga();
const stock = new Map(Array.from({ length: 50 }, (_, n) => [`sku-${n}`, 100_000]));
const account = { authorised: 0 };

async function reserve(order) {
  for (const { sku, count } of order.lines) {
    stock.set(sku, stock.get(sku) - count);
    saga.did(order.id, () => stock.set(sku, stock.get(sku) + count));
  }
  await sleep(3);
}

async function authorise(order) {
  const amount = order.lines.reduce((sum, { count }) => sum + count * 9, 0);
  await sleep(5);
  if (order.id % 10 === 0) throw new Error('card declined');
  account.authorised += amount;
  saga.did(order.id, () => {
    account.authorised -= amount;
  });
}

async function place(request) {
  const order = Order.parse(request);
  try {
    await reserve(order);
    await authorise(order);
    saga.commit(order.id);
    return 'placed';
  } catch {
    await saga.rollBack(order.id);
    return 'declined';
  }
}

const outcomes = { placed: 0, declined: 0 };
await pacing.pace(ORDERS_PER_SECOND, (n) => {
  place({
    id: n,
    customer: `customer-${n % 200}`,
    lines: [
      { sku: `sku-${n % 50}`, count: 1 + (n % 3) },
      { sku: `sku-${(n * 7) % 50}`, count: 1 },
    ],
  }).then((outcome) => {
    outcomes[outcome] += 1;
  });
});
