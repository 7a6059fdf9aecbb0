/** A map of couriers: they come over ws with msgpack, move in an rbush index and leave after a second or two; the map is sent on when it has been quiet for 50 ms. */

import { once } from 'node:events';
import { decode, encode } from '@msgpack/msgpack';
import RBush from 'rbush';
import { WebSocket, WebSocketServer } from 'ws';
import pacing from '../../support/pace.js';

const index = new RBush(9);
const couriers = new Map();
const counted = { moves: 0, shown: 0, left: 0 };

let showing;
function showSoon() {
  clearTimeout(showing);
  showing = setTimeout(() => {
    const near = index.search({ minX: 20, minY: 20, maxX: 60, maxY: 60 });
    counted.shown += encode(near.map(({ id, minX, minY }) => [id, minX, minY])).length;
  }, 50);
}

function place(id, x, y) {
  const old = couriers.get(id);
  if (old !== undefined) index.remove(old);
  const spot = { id, minX: x, maxX: x, minY: y, maxY: y };
  couriers.set(id, spot);
  index.insert(spot);
  counted.moves += 1;
  showSoon();
}

function leave(id) {
  const spot = couriers.get(id);
  if (spot === undefined) return;
  index.remove(spot);
  couriers.delete(id);
  counted.left += 1;
}

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => {
  let id;
  socket.on('message', (data) => {
    const message = decode(data);
    ({ id } = message);
    place(id, message.x, message.y);
    socket.send(
      encode({ near: index.search({ minX: 0, minY: 0, maxX: message.x, maxY: message.y }).length }),
    );
  });
  socket.on('close', () => leave(id));
});
await once(server, 'listening');
const url = `ws://127.0.0.1:${server.address().port}`;

async function ride(n) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  let step = 0;
  const moving = setInterval(() => {
    step += 1;
    socket.send(encode({ id: n, x: (n * 13 + step) % 100, y: (n * 7 + step * 2) % 100 }));
    if (step < 8 + (n % 12)) return;
    clearInterval(moving);
    // One in five just vanishes from the net.
    if (n % 5 === 0) socket.terminate();
    else socket.close();
  }, 80);
  await once(socket, 'close');
}

const open = new Set();
await pacing.pace(15, (n) => {
  const riding = ride(n).finally(() => open.delete(riding));
  open.add(riding);
});
await Promise.all(open);
clearTimeout(showing);
server.close();
