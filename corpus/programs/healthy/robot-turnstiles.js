'use strict';

/** Visitors of a stadium as machines of robot3: one passes the turnstile or gives up, and is forgotten. */

const { createMachine, guard, interpret, invoke, reduce, state, transition } = require('robot3');
const { pace } = require('../../support/pace');

const VISITORS_PER_SECOND = 60;
const QUEUE_MS = 400;
const CHECK_MS = 150;

function check({ ticket }) {
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      if (ticket % 9 === 0) reject(new Error(`Ticket ${ticket} is not valid`));
      else resolve({ gate: `gate ${ticket % 12}` });
    }, CHECK_MS);
  });
}

const turnstile = createMachine(
  {
    queueing: state(
      transition(
        'scan',
        'checking',
        guard(({ tries }) => tries < 2),
      ),
      transition('leave', 'gone'),
    ),
    checking: invoke(
      check,
      transition(
        'done',
        'inside',
        reduce((context, { data }) => ({ ...context, ...data })),
      ),
      transition(
        'error',
        'queueing',
        reduce((context, { error }) => ({
          ...context,
          tries: context.tries + 1,
          complaint: error.message,
        })),
      ),
    ),
    inside: state(),
    gone: state(),
  },
  ({ ticket }) => ({ ticket, tries: 0 }),
);

const waiting = new Map();
const passed = { inside: 0, gone: 0 };

function arrive(ticket) {
  const visitor = interpret(
    turnstile,
    ({ machine }) => {
      if (machine.current === 'queueing') setTimeout(() => proceed(ticket), CHECK_MS);
      if (!(machine.current in passed)) return;
      passed[machine.current] += 1;
      waiting.delete(ticket);
    },
    { ticket },
  );
  waiting.set(ticket, visitor);
  setTimeout(() => proceed(ticket), QUEUE_MS);
}

function proceed(ticket) {
  const visitor = waiting.get(ticket);
  if (visitor === undefined) return;
  visitor.send(visitor.context.tries < 2 ? 'scan' : 'leave');
}

pace(VISITORS_PER_SECOND, arrive);
