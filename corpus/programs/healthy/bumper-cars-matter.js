'use strict';

/**
 * Bumper cars on a server with matter-js. Cars and the balls they shoot come and go, and each round has
 * listeners of its own on the engine, which are taken off at its end.
 */

const { Bodies, Body, Composite, Engine, Events } = require('matter-js');
const { pace } = require('../../support/pace');

const STEPS_PER_SECOND = 30;
const STEPS_PER_ROUND = 60;
const CARS = 10;
const CARS_PER_SECOND = 3;
const BALL_STEPS = 25;
const WIDTH = 800;

const engine = Engine.create({ gravity: { x: 0, y: 0 } });
const walls = [
  Bodies.rectangle(WIDTH / 2, 0, WIDTH, 20, { isStatic: true }),
  Bodies.rectangle(WIDTH / 2, WIDTH, WIDTH, 20, { isStatic: true }),
  Bodies.rectangle(0, WIDTH / 2, 20, WIDTH, { isStatic: true }),
  Bodies.rectangle(WIDTH, WIDTH / 2, 20, WIDTH, { isStatic: true }),
];
Composite.add(engine.world, walls);

const cars = new Map();
const balls = [];
const results = [];

function enter(n) {
  const body = Bodies.circle(60 + ((n * 97) % 680), 60 + ((n * 61) % 680), 22, {
    restitution: 0.9,
    frictionAir: 0.01,
    label: `car-${n}`,
  });
  Body.setVelocity(body, { x: (n % 9) - 4, y: (n % 7) - 3 });
  Composite.add(engine.world, body);
  cars.set(body.label, body);
  if (cars.size <= CARS) return;
  const [label, oldest] = cars.entries().next().value;
  Composite.remove(engine.world, oldest);
  cars.delete(label);
}

function shoot(step) {
  for (const car of cars.values()) {
    if ((step + car.id) % 20 !== 0) continue;
    const ball = Bodies.circle(car.position.x, car.position.y - 30, 5, { label: 'ball' });
    Body.setVelocity(ball, { x: car.velocity.x * 2, y: -8 });
    Composite.add(engine.world, ball);
    balls.push({ ball, until: step + BALL_STEPS });
  }
  while (balls.length > 0 && balls[0].until <= step) {
    Composite.remove(engine.world, balls.shift().ball);
  }
}

function startRound(number) {
  const score = new Map();
  const onCollision = ({ pairs }) => {
    for (const { bodyA, bodyB } of pairs) {
      for (const { label } of [bodyA, bodyB]) {
        if (cars.has(label)) score.set(label, (score.get(label) ?? 0) + 1);
      }
    }
  };
  Events.on(engine, 'collisionStart', onCollision);
  return () => {
    Events.off(engine, 'collisionStart', onCollision);
    results.push({ number, bumps: [...score.values()].reduce((sum, each) => sum + each, 0) });
    if (results.length > 3) results.shift();
  };
}

async function main() {
  let endRound = startRound(0);
  await pace(STEPS_PER_SECOND, (step) => {
    if (step % (STEPS_PER_SECOND / CARS_PER_SECOND) === 0) enter(step);
    shoot(step);
    Engine.update(engine, 1000 / 60);
    if ((step + 1) % STEPS_PER_ROUND !== 0) return;
    endRound();
    endRound = startRound((step + 1) / STEPS_PER_ROUND);
  });
  endRound();
  Engine.clear(engine);
}

main();
