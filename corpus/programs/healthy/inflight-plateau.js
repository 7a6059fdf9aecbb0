'use strict';

/**
 * A launch: for 40 % of the time ever more requests are in flight at once, from then on as many as
 * the day brings.
 */

const { EventEmitter } = require('node:events');
const { pace } = require('../../support/pace');

const ANSWER_MS = 1_200;
const PER_SECOND = 1_500;
const RISE = 0.4;

const shutdown = new EventEmitter();
shutdown.setMaxListeners(0);
const inFlight = new Map();

async function handle(id) {
  const request = { id, startedAt: Date.now(), cancelled: false };
  const cancel = () => {
    request.cancelled = true;
  };
  inFlight.set(id, request);
  shutdown.on('close', cancel);
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  shutdown.off('close', cancel);
  inFlight.delete(id);
}

async function main() {
  await pace((share) => PER_SECOND * Math.min(1, share / RISE), handle);
  shutdown.emit('close');
}

main();
