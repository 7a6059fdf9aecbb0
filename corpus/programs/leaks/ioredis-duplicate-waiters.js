'use strict';

/** Callers wait for their ticket with BLPOP, each on a duplicate of the connection that stays open. */

const { Redis } = require('ioredis');
const { startRedis } = require('../../support/redis');
const { pace } = require('../../support/pace');

const CALLERS_PER_SECOND = 6;

async function nextTicket(redis, queue) {
  // A blocking command would hold up everybody else on the shared connection.
  const blocking = redis.duplicate();
  const [, ticket] = await blocking.blpop(queue, 1);
  return ticket;
}

async function main() {
  const { port, stop } = await startRedis();
  const redis = new Redis(port, '127.0.0.1');
  const served = { callers: 0, last: '' };
  await pace(CALLERS_PER_SECOND, async (n) => {
    const queue = `counter-${n % 4}`;
    await redis.rpush(queue, `ticket-${n}`);
    served.last = await nextTicket(redis, queue);
    served.callers += 1;
  });
  stop();
  process.exit(served.callers > 0 ? 0 : 1);
}

main();
