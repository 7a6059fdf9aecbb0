'use strict';

/** A feed over ws that pings each connection on an interval of its own and never stops the interval. */

const { once } = require('node:events');
const { WebSocket, WebSocketServer } = require('ws');
const { pace } = require('../../support/pace');

const VISITORS_PER_SECOND = 20;
const VISIT_MS = 400;
const PING_MS = 2000;

function startFeed() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket) => {
    const news = [];
    socket.on('message', (text) => news.push(text.toString()));
    setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, PING_MS);
    socket.send(JSON.stringify({ hello: true }));
  });
  return server;
}

function visit(url) {
  const socket = new WebSocket(url);
  socket.once('open', () => {
    socket.send('anything new?');
    setTimeout(() => socket.close(), VISIT_MS);
  });
}

async function main() {
  const feed = startFeed();
  await once(feed, 'listening');
  const url = `ws://127.0.0.1:${feed.address().port}`;
  await pace(VISITORS_PER_SECOND, () => visit(url));
  process.exit(0);
}

main();
