'use strict';

/** Stock prices over socket.io: each client's handler stays on the shared ticker when it has gone. */

const { EventEmitter, once } = require('node:events');
const { createServer } = require('node:http');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const { pace } = require('../../support/pace');

const CLIENTS_PER_SECOND = 20;
const VISIT_MS = 300;
const STOCKS = ['ACME', 'GLOBEX', 'INITECH', 'UMBRELLA'];

const ticker = new EventEmitter();
ticker.setMaxListeners(0);

function startServer() {
  const server = createServer();
  const sockets = new Server(server, { transports: ['websocket'] });
  sockets.on('connection', (socket) => {
    for (const stock of STOCKS) {
      ticker.on(stock, (price) => socket.emit('price', { stock, price }));
    }
  });
  return server.listen(0, '127.0.0.1');
}

function visit(url) {
  const client = io(url, { transports: ['websocket'], forceNew: true, reconnection: false });
  client.once('connect', () => setTimeout(() => client.close(), VISIT_MS));
}

async function main() {
  const server = startServer();
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  setInterval(() => {
    const stock = STOCKS[Math.floor(Math.random() * STOCKS.length)];
    ticker.emit(stock, Math.round(Math.random() * 10_000) / 100);
  }, 100);
  await pace(CLIENTS_PER_SECOND, () => visit(url));
  process.exit(0);
}

main();
