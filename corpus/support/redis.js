'use strict';

/**
 * As much of a Redis server as the programs need, in a process of its own, which is not watched.
 * Strings and lists; what it does not know it answers with OK.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const RedisParser = require('redis-parser');

/** A list or string that nobody has used for so many keys is forgotten. */
const MAX_KEYS = 1000;

const values = new Map();

function bulk(text) {
  return text === undefined ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function store(key, value) {
  values.delete(key);
  values.set(key, value);
  if (values.size > MAX_KEYS) values.delete(values.keys().next().value);
}

function answer([name, ...args]) {
  switch (name.toLowerCase()) {
    case 'info':
      return bulk('# Server\r\nredis_version:7.2.0\r\nloading:0\r\n');
    case 'hello':
      return '-ERR unknown command HELLO\r\n';
    case 'ping':
      return '+PONG\r\n';
    case 'get':
      return bulk(values.get(args[0]));
    case 'set':
      store(args[0], args[1]);
      return '+OK\r\n';
    case 'incr': {
      const count = Number(values.get(args[0]) ?? 0) + 1;
      store(args[0], String(count));
      return `:${count}\r\n`;
    }
    case 'rpush': {
      const list = values.get(args[0]) ?? [];
      list.push(...args.slice(1));
      store(args[0], list);
      return `:${list.length}\r\n`;
    }
    case 'blpop': {
      const item = values.get(args[0])?.shift();
      return item === undefined ? '*-1\r\n' : `*2\r\n${bulk(args[0])}${bulk(item)}`;
    }
    default:
      return '+OK\r\n';
  }
}

function serve() {
  const server = net.createServer((socket) => {
    const parser = new RedisParser({
      returnReply: (command) => socket.write(answer(command.map(String))),
      returnError: () => socket.destroy(),
      returnFatalError: () => socket.destroy(),
    });
    socket.on('data', (chunk) => parser.execute(chunk));
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
  // Its input closes when the program ends, however it ends; then it ends too.
  process.stdin.resume().once('end', () => process.exit(0));
}

/** @returns {Promise<{ port: number, stop: () => void }>} */
async function startRedis() {
  const child = spawn(process.execPath, [__filename], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { port: Number(line), stop: () => child.kill() };
}

if (require.main === module) serve();

exports.startRedis = startRedis;
