/** Checkouts as xstate machines: each pays, or is abandoned after a while; either way it is forgotten when done. */

import { setTimeout as sleep } from 'node:timers/promises';
import { assign, createActor, fromPromise, setup } from 'xstate';
import pacing from '../../support/pace.js';

const ABANDON_MS = 1_800;

const machine = setup({
  actors: {
    pay: fromPromise(async ({ input }) => {
      await sleep(80 + Math.random() * 150);
      if (input.attempt === 1 && input.id % 6 === 0) throw new Error('the card was declined');
      return { receipt: `receipt-${input.id}` };
    }),
  },
}).createMachine({
  id: 'checkout',
  initial: 'cart',
  context: ({ input }) => ({ id: input.id, items: [], attempt: 0, receipt: null }),
  states: {
    cart: {
      on: {
        ADD: { actions: assign({ items: ({ context, event }) => [...context.items, event.item] }) },
        PAY: 'paying',
      },
      after: { [ABANDON_MS]: 'abandoned' },
    },
    paying: {
      entry: assign({ attempt: ({ context }) => context.attempt + 1 }),
      invoke: {
        src: 'pay',
        input: ({ context }) => ({ id: context.id, attempt: context.attempt }),
        onDone: {
          target: 'paid',
          actions: assign({ receipt: ({ event }) => event.output.receipt }),
        },
        onError: 'waiting',
      },
    },
    waiting: { after: { 200: 'paying' } },
    paid: { type: 'final' },
    abandoned: { type: 'final' },
  },
});

const checkouts = new Map();
const counted = { paid: 0, abandoned: 0, changes: 0 };

function begin(id) {
  const actor = createActor(machine, { input: { id } });
  checkouts.set(id, actor);
  const done = new Promise((resolve) => {
    actor.subscribe({
      next: () => {
        counted.changes += 1;
      },
      complete: () => {
        counted[actor.getSnapshot().value] += 1;
        checkouts.delete(id);
        resolve();
      },
    });
  });
  actor.start();
  return { actor, done };
}

async function shop(id) {
  const { actor, done } = begin(id);
  for (let item = 0; item < 1 + (id % 4); item += 1) {
    await sleep(60);
    actor.send({ type: 'ADD', item: { article: item, title: `Article ${item} of ${id}` } });
  }
  // Every fifth customer just goes.
  if (id % 5 !== 0) actor.send({ type: 'PAY' });
  await done;
}

const open = new Set();
await pacing.pace(25, (id) => {
  const shopping = shop(id).finally(() => open.delete(shopping));
  open.add(shopping);
});
await Promise.all(open);
if (checkouts.size > 0) throw new Error('a checkout was left');
