'use strict';

/** Calls over a WebSocket by numbered messages; a call whose answer is lost is never forgotten. */

const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { pace } = require('../../support/pace');

const CALLS_PER_SECOND = 150;

class Remote {
  constructor(socket) {
    this.socket = socket;
    this.calls = new Map();
    this.nextId = 0;
    socket.on('message', (text) => this.settle(JSON.parse(text)));
  }

  call(method, parameters) {
    const id = this.nextId;
    this.nextId += 1;
    const { promise, ...settlers } = deferred();
    this.calls.set(id, { method, parameters, promise, ...settlers });
    this.socket.send(JSON.stringify({ id, method, parameters }));
    return promise;
  }

  settle({ id, result }) {
    const call = this.calls.get(id);
    this.calls.delete(id);
    call.resolve(result);
  }
}

function deferred() {
  const settlers = {};
  settlers.promise = new Promise((resolve, reject) => {
    settlers.resolve = resolve;
    settlers.reject = reject;
  });
  return settlers;
}

/** The other side answers two calls in three. */
function startServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (text) => {
      const { id, parameters } = JSON.parse(text);
      if (id % 3 !== 0) socket.send(JSON.stringify({ id, result: parameters.length }));
    });
  });
  return server;
}

async function main() {
  const server = startServer();
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  await once(socket, 'open');
  const remote = new Remote(socket);
  let total = 0;
  await pace(CALLS_PER_SECOND, async (n) => {
    total += await remote.call('add', [n, n + 1, `note ${n}`]);
  });
  process.exit(total > 0 ? 0 : 1);
}

main();
