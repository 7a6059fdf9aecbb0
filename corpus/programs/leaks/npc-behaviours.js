'use strict';

/**
 * Figures of a game whose behaviour is a generator, which yields what it waits for. A figure that is
 * slain goes from the world; its generator stays in the linked list of those that wait for the dawn.
 */

const { pace } = require('../../support/pace');

const SPAWNS_PER_SECOND = 25;
const LIFE_MS = 1200;
const TICK_MS = 50;

/** One list per event: `{ behaviour, next }`. */
const waiting = { tick: null, dawn: null };
const world = new Map();

function park(behaviour, event) {
  waiting[event] = { behaviour, next: waiting[event] };
}

function step(behaviour) {
  const { value, done } = behaviour.next();
  if (!done) park(behaviour, value);
}

function wake(event) {
  let node = waiting[event];
  waiting[event] = null;
  for (; node !== null; node = node.next) step(node.behaviour);
}

function* guard(figure) {
  const route = Array.from({ length: 6 }, (_, n) => ({ x: figure.x + n, y: figure.y - n }));
  while (world.has(figure.id)) {
    for (const { x, y } of route) {
      figure.x = x;
      figure.y = y;
      yield 'tick';
    }
    figure.asleep = true;
    yield 'dawn';
    figure.asleep = false;
  }
}

function spawn(n) {
  const figure = {
    id: `guard-${n}`,
    x: n % 50,
    y: n % 30,
    asleep: false,
    bag: ['key', `coin-${n}`],
  };
  world.set(figure.id, figure);
  step(guard(figure));
  setTimeout(() => world.delete(figure.id), LIFE_MS);
}

async function main() {
  let ticks = 0;
  const clock = setInterval(() => {
    ticks += 1;
    wake('tick');
  }, TICK_MS);
  // A night lasts half an hour.
  const sun = setInterval(() => wake('dawn'), 30 * 60_000);
  await pace(SPAWNS_PER_SECOND, spawn);
  clearInterval(clock);
  clearInterval(sun);
  process.exit(ticks > 0 ? 0 : 1);
}

main();
