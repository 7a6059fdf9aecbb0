'use strict';

/** Auctions by sockjs: bidders connect, bid for a second and leave; an auction goes with its last bidder. */

const http = require('node:http');
const { once } = require('node:events');
const sockjs = require('sockjs');
const { WebSocket } = require('ws');
const { pace } = require('../../support/pace');

const STAY_MS = 1_000;

const auctions = new Map();

function join(connection) {
  let auction;
  connection.on('data', (text) => {
    const message = JSON.parse(text);
    if (message.join !== undefined) {
      auction = auctions.get(message.join) ?? { id: message.join, bidders: new Set(), best: 0 };
      auctions.set(auction.id, auction);
      auction.bidders.add(connection);
    } else if (message.cents > auction.best) {
      auction.best = message.cents;
      for (const bidder of auction.bidders) bidder.write(JSON.stringify({ best: auction.best }));
    }
  });
  connection.once('close', () => {
    if (auction === undefined) return;
    auction.bidders.delete(connection);
    if (auction.bidders.size === 0) auctions.delete(auction.id);
  });
}

function bid(url, n) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    let bidding;
    socket.once('error', reject);
    socket.once('open', () => {
      socket.send(JSON.stringify({ join: `auction-${Math.floor(n / 6)}` }));
      bidding = setInterval(
        () => socket.send(JSON.stringify({ cents: n + performance.now() })),
        200,
      );
      setTimeout(() => socket.close(), STAY_MS);
    });
    socket.once('close', () => {
      clearInterval(bidding);
      resolve();
    });
  });
}

async function main() {
  const service = sockjs.createServer({ prefix: '/bids', log: () => {} });
  service.on('connection', join);
  const server = http.createServer();
  service.installHandlers(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}/bids/websocket`;
  const open = new Set();
  await pace(15, (n) => {
    const visit = bid(url, n).finally(() => open.delete(visit));
    open.add(visit);
  });
  await Promise.all(open);
  server.close();
  server.closeAllConnections();
}

main();
