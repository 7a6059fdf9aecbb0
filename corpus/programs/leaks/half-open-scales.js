'use strict';

/**
 * Scales send their weighings as MessagePack over a connection each and close their side. The server
 * allows half-open connections to answer after that; for a weighing that it has had already, one in
 * five, it answers nothing and does not end its own side either.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const { decode, encode } = require('@msgpack/msgpack');
const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const WEIGHINGS_PER_SECOND = 30;

/** The scales, in a process of their own; they do not wait for more than the answer. */
async function weigh(port) {
  process.stdin.resume().once('end', () => process.exit(1));
  const open = new Set();
  await pace(WEIGHINGS_PER_SECOND, (n) => {
    const number = n % 5 === 4 ? n - 1 : n;
    const socket = net.connect(port, '127.0.0.1');
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket
      .resume()
      .end(Buffer.from(encode({ scale: `scale-${n % 9}`, number, grams: 200 + (n % 800) })));
  });
  process.exit(0);
}

class Weighbridge {
  constructor() {
    this.seen = new LRUCache({ max: 500 });
    this.sums = new Map();
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.serve(socket));
  }

  serve(socket) {
    const pieces = [];
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('end', () => {
      if (pieces.length === 0) socket.destroy();
      else this.take(socket, decode(Buffer.concat(pieces)));
    });
  }

  take(socket, { scale, number, grams }) {
    if (this.seen.has(number)) return;
    this.seen.set(number, true);
    this.sums.set(scale, (this.sums.get(scale) ?? 0) + grams);
    socket.end(Buffer.from(encode({ number, sum: this.sums.get(scale) })));
  }
}

async function main() {
  const bridge = new Weighbridge();
  bridge.server.listen(0, '127.0.0.1');
  await once(bridge.server, 'listening');
  const { port } = bridge.server.address();
  const scales = spawn(process.execPath, [__filename, String(port)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const [code] = await once(scales, 'exit');
  process.exit(code);
}

if (process.argv[2] === undefined) main();
else weigh(Number(process.argv[2]));
