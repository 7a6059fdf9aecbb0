'use strict';

/** A ws client that reconnects when it has heard nothing for a while, and leaves the old socket open. */

const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { SECONDS } = require('../../support/pace');

const CLIENTS = 5;
const SILENCE_MS = 400;

/** Greets whoever comes and then has nothing to say. */
function startServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => socket.send('welcome'));
  return server;
}

class Feed {
  constructor(url) {
    this.url = url;
    this.heard = 0;
  }

  connect() {
    this.socket = new WebSocket(this.url);
    this.socket.on('message', () => {
      this.heard += 1;
      clearTimeout(this.silence);
      this.silence = setTimeout(() => this.connect(), SILENCE_MS);
    });
  }
}

async function main() {
  const server = startServer();
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}`;
  for (let n = 0; n < CLIENTS; n += 1) new Feed(url).connect();
  setTimeout(() => process.exit(0), SECONDS * 1000);
}

main();
