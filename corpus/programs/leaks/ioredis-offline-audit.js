'use strict';

/** An audit trail in Redis, which is away; ioredis keeps each command until it is back. */

const { once } = require('node:events');
const net = require('node:net');
const { Redis } = require('ioredis');
const { pace } = require('../../support/pace');

const ACTIONS_PER_SECOND = 50;
const RECONNECT_MS = 250;

const failures = { count: 0 };

/** @returns {Promise<number>} a port on which nobody listens */
async function closedPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function record(redis, action) {
  await redis.xadd(
    'audit',
    '*',
    'user',
    action.user,
    'action',
    action.name,
    'at',
    String(action.at),
  );
  action.recorded = true;
}

async function main() {
  const redis = new Redis({
    host: '127.0.0.1',
    port: await closedPort(),
    retryStrategy: () => RECONNECT_MS,
    // An audit must not lose anything because Redis restarts.
    maxRetriesPerRequest: null,
  });
  redis.on('error', () => {
    failures.count += 1;
  });
  await pace(ACTIONS_PER_SECOND, (n) => {
    record(redis, { user: `user-${n % 300}`, name: 'viewed', at: Date.now(), recorded: false });
  });
  process.exit(failures.count > 0 ? 0 : 1);
}

main();
