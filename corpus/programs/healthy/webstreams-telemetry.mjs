/** Telemetry through web streams: each device has a pipeline for a second or two, with a ring of its last readings; thirty are on at any time. */

import { setTimeout as sleep } from 'node:timers/promises';
import { CircularBuffer } from 'mnemonist';
import pacing from '../../support/pace.js';

const RING = 16;
const FLEET_RING = 200;

const fleet = new CircularBuffer(Array, FLEET_RING);
const pipelines = new Map();
const counted = { readings: 0, windows: 0, broken: 0 };

function device(number) {
  let sent = 0;
  const count = 20 + (number % 25);
  return new ReadableStream(
    {
      async pull(controller) {
        await sleep(40);
        sent += 1;
        if (number % 11 === 0 && sent === 12) throw new Error(`device ${number} fell silent`);
        controller.enqueue(`${number};${sent};${(number * sent) % 97}\n`);
        if (sent === count) controller.close();
      },
    },
    { highWaterMark: 2 },
  );
}

const parse = () =>
  new TransformStream({
    transform(line, controller) {
      const [number, sequence, value] = line.trim().split(';').map(Number);
      counted.readings += 1;
      controller.enqueue({ number, sequence, value });
    },
  });

const windowed = (size) => {
  let held = [];
  return new TransformStream({
    transform(reading, controller) {
      held.push(reading);
      if (held.length < size) return;
      controller.enqueue(held);
      held = [];
    },
    flush(controller) {
      if (held.length > 0) controller.enqueue(held);
    },
  });
};

async function follow(number) {
  const ring = new CircularBuffer(Array, RING);
  pipelines.set(number, ring);
  try {
    const readings = device(number).pipeThrough(parse()).pipeThrough(windowed(5));
    for await (const window of readings) {
      counted.windows += 1;
      for (const reading of window) ring.push(reading);
      fleet.push({
        number,
        mean: window.reduce((sum, { value }) => sum + value, 0) / window.length,
      });
    }
  } catch {
    counted.broken += 1;
  } finally {
    pipelines.delete(number);
  }
}

const open = new Set();
await pacing.pace(22, (n) => {
  const following = follow(n).finally(() => open.delete(following));
  open.add(following);
});
await Promise.all(open);
