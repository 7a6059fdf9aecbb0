'use strict';

/** A poller that starts each round inside the context of the round before, to be able to trace it. */

const { AsyncLocalStorage } = require('node:async_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { SECONDS } = require('../../support/pace');

const POLLERS = 10;
const ROUND_MS = 50;

const context = new AsyncLocalStorage();
let rounds = 0;

class Span {
  constructor(name, parent) {
    this.name = name;
    this.parent = parent;
    this.startedAt = performance.now();
    this.attributes = { poller: name, region: 'north', attempt: 1 };
    this.events = [];
  }

  note(text) {
    this.events.push({ text, at: performance.now() - this.startedAt });
  }
}

function poll(name) {
  const span = new Span(name, context.getStore());
  context.run(span, async () => {
    await sleep(ROUND_MS / 2);
    span.note('asked');
    rounds += 1;
    span.note(`round ${rounds}`);
    setTimeout(poll, ROUND_MS / 2, name);
  });
}

for (let poller = 0; poller < POLLERS; poller += 1) poll(`poller-${poller}`);
setTimeout(() => process.exit(0), SECONDS * 1000);
