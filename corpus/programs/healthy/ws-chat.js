'use strict';

/** A chat on ws: people join a room, say something and leave; the last one out closes the room. */

const { once } = require('node:events');
const http = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');
const { pace } = require('../../support/pace');

const ROOMS = 20;
const PING_MS = 500;
const STAY_MS = 1500;

/** Who is in which room. */
const rooms = new Map();

function join(name, socket) {
  let people = rooms.get(name);
  if (people === undefined) {
    people = new Set();
    rooms.set(name, people);
  }
  people.add(socket);
  return () => {
    people.delete(socket);
    if (people.size === 0 && rooms.get(name) === people) rooms.delete(name);
  };
}

function welcome(socket, request) {
  const room = request.url.slice(1);
  const leave = join(room, socket);
  const ping = setInterval(() => socket.ping(), PING_MS);
  socket.on('message', (text) => {
    for (const person of rooms.get(room)) person.send(text);
  });
  socket.once('close', () => {
    clearInterval(ping);
    leave();
  });
}

function chat(url, n) {
  const socket = new WebSocket(`${url}/room-${n % ROOMS}`);
  socket.once('open', () => {
    const talk = setInterval(
      () => socket.send(JSON.stringify({ n, text: 'hello '.repeat(8) })),
      300,
    );
    setTimeout(() => {
      clearInterval(talk);
      socket.close();
    }, STAY_MS);
  });
  return socket;
}

async function main() {
  const server = http.createServer();
  new WebSocketServer({ server }).on('connection', welcome);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}`;
  const people = new Set();
  await pace(20, (n) => {
    const person = chat(url, n);
    people.add(person);
    person.once('close', () => people.delete(person));
  });
  await Promise.all([...people].map((person) => once(person, 'close')));
  server.close();
}

main();
