'use strict';

/** A database behind generic-pool: connections over TCP, as many as the load needs, idle ones closed. */

const { once } = require('node:events');
const net = require('node:net');
const genericPool = require('generic-pool');
const { pace } = require('../../support/pace');

function createDatabase() {
  return net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (query) => setTimeout(() => socket.write(`rows of ${query}`), 25));
  });
}

function createConnections(port) {
  return genericPool.createPool(
    {
      async create() {
        const socket = net.connect(port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
      async destroy(socket) {
        socket.end();
        socket.destroy();
      },
    },
    { min: 2, max: 30, idleTimeoutMillis: 500, evictionRunIntervalMillis: 250 },
  );
}

async function query(connections, text) {
  const socket = await connections.acquire();
  try {
    socket.write(text);
    const [rows] = await once(socket, 'data');
    return rows;
  } finally {
    await connections.release(socket);
  }
}

async function main() {
  const database = createDatabase();
  database.listen(0, '127.0.0.1');
  await once(database, 'listening');
  const connections = createConnections(database.address().port);
  const open = new Set();
  // Two seconds of much and two of little, so that the pool grows and shrinks.
  await pace(
    (share) => 250 + 200 * Math.sin(share * 8 * Math.PI),
    (n) => {
      const asked = query(connections, `select ${n}`).finally(() => open.delete(asked));
      open.add(asked);
    },
  );
  await Promise.all(open);
  await connections.drain();
  await connections.clear();
  database.close();
}

main();
