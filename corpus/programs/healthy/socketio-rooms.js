'use strict';

/** A score board on socket.io: fans come for two seconds, follow one match and go. */

const { once } = require('node:events');
const http = require('node:http');
const { Server } = require('socket.io');
const { io: connect } = require('socket.io-client');
const { pace } = require('../../support/pace');

const MATCHES = 12;
const STAY_MS = 2000;

function serve(server) {
  const board = new Server(server);
  board.on('connection', (socket) => {
    socket.on('follow', (match, reply) => {
      socket.join(match);
      reply({ match, goals: [0, 0] });
    });
  });
  const goals = setInterval(() => {
    const match = `match-${Math.floor(Math.random() * MATCHES)}`;
    board.to(match).emit('goal', { match, minute: Math.floor(Math.random() * 90) });
  }, 50);
  return { board, goals };
}

async function follow(url, n) {
  const socket = connect(url, { forceNew: true, transports: ['websocket'] });
  await once(socket, 'connect');
  const seen = [];
  socket.on('goal', (goal) => seen.push(goal));
  await socket.emitWithAck('follow', `match-${n % MATCHES}`);
  await new Promise((resolve) => setTimeout(resolve, STAY_MS));
  socket.disconnect();
}

async function main() {
  const server = http.createServer();
  const { board, goals } = serve(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const fans = new Set();
  await pace(15, (n) => {
    const fan = follow(url, n).finally(() => fans.delete(fan));
    fans.add(fan);
  });
  await Promise.all(fans);
  clearInterval(goals);
  await board.close();
}

main();
