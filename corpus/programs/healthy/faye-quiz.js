'use strict';

/** A pub quiz over faye-websocket: guests join a table for a second or so; who leaves is taken off it. */

const { once } = require('node:events');
const http = require('node:http');
const WebSocket = require('faye-websocket');
const { pace } = require('../../support/pace');

const STAY_MS = 1_200;
const TABLES = 12;

class Quiz {
  tables = new Map();
  questions = 0;

  join(table, guest) {
    if (!this.tables.has(table)) this.tables.set(table, new Map());
    this.tables.get(table).set(guest, { score: 0, joined: Date.now(), answers: [] });
  }

  leave(table, guest) {
    const guests = this.tables.get(table);
    guests?.delete(guest);
    if (guests?.size === 0) this.tables.delete(table);
  }

  answer(table, guest, text) {
    const seat = this.tables.get(table)?.get(guest);
    if (seat === undefined) return;
    seat.answers.push(text);
    seat.score += text.length % 3;
  }

  ask() {
    this.questions += 1;
    const question = JSON.stringify({ question: this.questions });
    for (const guests of this.tables.values()) {
      for (const guest of guests.keys()) guest.send(question);
    }
  }
}

function serve(quiz) {
  const server = http.createServer();
  server.on('upgrade', (request, socket, head) => {
    if (!WebSocket.isWebSocket(request)) return socket.destroy();
    const table = new URL(request.url, 'http://quiz').searchParams.get('table');
    const guest = new WebSocket(request, socket, head);
    quiz.join(table, guest);
    guest.on('message', ({ data }) => quiz.answer(table, guest, data));
    guest.on('close', () => quiz.leave(table, guest));
  });
  return server;
}

async function play(url, n) {
  const socket = new WebSocket.Client(`${url}/?table=${n % TABLES}`);
  socket.on('message', ({ data }) => {
    socket.send(`guest ${n} says ${JSON.parse(data).question % 4}`);
  });
  await once(socket, 'open');
  // Some stay for a question only, a few for three times as long.
  await new Promise((resolve) => setTimeout(resolve, STAY_MS * (n % 9 === 0 ? 3 : Math.random())));
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

async function main() {
  const quiz = new Quiz();
  const server = serve(quiz);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}`;
  const asking = setInterval(() => quiz.ask(), 150);
  const open = new Set();
  await pace(20, (n) => {
    const guest = play(url, n).finally(() => open.delete(guest));
    open.add(guest);
  });
  await Promise.all(open);
  clearInterval(asking);
  server.close();
}

main();
