'use strict';

/**
 * CPU microseconds per request of an HTTP service in this process, and its memory, as JSON on
 * standard output. The load comes from a worker-free client in a second process.
 */

const { fork } = require('node:child_process');
const { EventEmitter } = require('node:events');
const http = require('node:http');

const WARM_UP = 3000;
const REQUESTS = 12_000;
const CONNECTIONS = 16;

if (process.argv[2] === 'client') {
  runClient(Number(process.argv[3]));
} else {
  runServer();
}

/** @param {number} port */
function runClient(port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  /** @param {number} count */
  const load = (count) =>
    new Promise((resolve, reject) => {
      let started = 0;
      let ended = 0;
      const next = () => {
        if (started === count) return;
        started += 1;
        http
          .get({ port, host: '127.0.0.1', agent, path: `/item/${started % 500}` }, (response) => {
            response.resume().on('end', () => {
              ended += 1;
              if (ended === count) resolve(undefined);
              else next();
            });
          })
          .on('error', reject);
      };
      for (let i = 0; i < CONNECTIONS; i += 1) next();
    });
  process.on('message', async (count) => {
    await load(Number(count));
    process.send?.('done');
  });
  process.on('disconnect', () => agent.destroy());
}

function runServer() {
  const bus = new EventEmitter();
  const cache = new Map();
  const server = http.createServer((request, response) => {
    const timer = setTimeout(() => response.destroy(), 30_000);
    const onChange = () => {};
    bus.on('change', onChange);
    response.on('close', () => {
      clearTimeout(timer);
      bus.off('change', onChange);
    });
    cache.set(request.url, { at: Date.now() });
    response.end(JSON.stringify({ url: request.url, seen: cache.size }));
  });
  server.listen(0, '127.0.0.1', async () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const client = fork(__filename, ['client', String(port)], { execArgv: [] });
    /** @param {number} count */
    const load = (count) =>
      new Promise((resolve) => {
        client.once('message', resolve);
        client.send(count);
      });
    await load(WARM_UP);
    const before = process.cpuUsage();
    await load(REQUESTS);
    const { user, system } = process.cpuUsage(before);
    const { rss } = process.memoryUsage();
    client.disconnect();
    server.close();
    server.closeAllConnections();
    process.stdout.write(
      `${JSON.stringify({ cpu: (user + system) / REQUESTS, rss: rss / 2 ** 20 })}\n`,
    );
  });
}
