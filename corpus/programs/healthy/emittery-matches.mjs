/** Football on emittery: fans follow a match as an async iterator and leave after some goals, with everything they hold. */

import { once as onceEvent } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import Emittery from 'emittery';
import pacing from '../../support/pace.js';

const MATCHES = 8;
const GOAL_EACH_MS = 20;

const matches = Array.from({ length: MATCHES }, () => new Emittery());
const counted = { goals: 0, cheers: 0, whistles: 0, left: 0 };

/** Goals until enough are seen; leaving the loop ends the subscription. */
async function* firstGoals(match, count) {
  let seen = 0;
  for await (const goal of match.events('goal')) {
    yield goal;
    seen += 1;
    if (seen === count) return;
  }
}

class Fan {
  #cheered = [];
  #offs = [];

  constructor(match, patience) {
    this.match = match;
    this.patience = patience;
    this.#offs.push(
      match.on('whistle', () => {
        counted.whistles += 1;
      }),
      match.onAny((name) => {
        if (name === 'goal') counted.cheers += 1;
      }),
    );
  }

  async watch() {
    for await (const goal of firstGoals(this.match, this.patience)) this.#cheered.push(goal);
    for (const off of this.#offs.splice(0)) off();
    counted.left += 1;
    return this.#cheered.length;
  }
}

/** One who only waits for the next whistle, but not for longer than a second. */
async function waitForWhistle(match) {
  const late = new AbortController();
  const off = match.on('whistle', () => late.abort());
  const ended = onceEvent(late.signal, 'abort');
  await Promise.race([ended, sleep(1_000, undefined, { signal: late.signal }).catch(() => {})]);
  off();
  late.abort();
}

const playing = setInterval(() => {
  const match = matches[counted.goals % MATCHES];
  counted.goals += 1;
  match.emit('goal', { number: counted.goals, minute: counted.goals % 90 });
  if (counted.goals % 3 === 0) match.emit('whistle');
}, GOAL_EACH_MS);

const open = new Set();
await pacing.pace(30, (n) => {
  const match = matches[n % MATCHES];
  const visit = n % 3 === 0 ? waitForWhistle(match) : new Fan(match, 1 + (n % 6)).watch();
  open.add(visit);
  visit.finally(() => open.delete(visit));
});
await Promise.all(open);
clearInterval(playing);
