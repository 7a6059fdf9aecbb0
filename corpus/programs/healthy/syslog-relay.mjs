/**
 * Takes log lines by UDP, gathers them for three seconds, then writes them to a file, which is packed
 * when it is large enough; two packed files are kept, and the last line of each of thirty hosts.
 */

import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pacing from '../../support/pace.js';

const LINES_PER_SECOND = 200;
const FLUSH_MS = 3000;
const ROTATE_BYTES = 60_000;
const KEEP_PACKED = 2;
const HOSTS = 30;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'syslog-'));
const current = path.join(folder, 'current.log');
const packed = [];
const lastOf = new Map();
let buffer = [];

function take(message, { port }) {
  const [, priority, host, text] = /^<(\d+)>(\S+) (.*)$/.exec(message.toString());
  const entry = { severity: priority % 8, host, text, port, at: Date.now() };
  buffer.push(entry);
  lastOf.set(host, entry);
}

async function rotate() {
  const target = path.join(folder, `${Date.now()}.log.gz`);
  await pipeline(fs.createReadStream(current), createGzip(), fs.createWriteStream(target));
  await fs.promises.rm(current);
  packed.push(target);
  if (packed.length > KEEP_PACKED) await fs.promises.rm(packed.shift());
}

async function flush() {
  const lines = buffer;
  buffer = [];
  if (lines.length === 0) return;
  const text = lines.map(({ at, host, severity, text }) => `${at} ${host} ${severity} ${text}\n`);
  await fs.promises.appendFile(current, text.join(''));
  const { size } = await fs.promises.stat(current);
  if (size > ROTATE_BYTES) await rotate();
}

const server = dgram.createSocket('udp4').on('message', take).bind(0, '127.0.0.1');
await once(server, 'listening');
const client = dgram.createSocket('udp4');
let flushing = Promise.resolve();
const timer = setInterval(() => {
  flushing = flushing.then(flush);
}, FLUSH_MS);

const { port } = server.address();
await pacing.pace(LINES_PER_SECOND, (n) => {
  const line = `<${8 + (n % 8)}>host-${n % HOSTS} sshd[${n % 900}]: session ${n} opened for user ${n % 50}`;
  client.send(line, port, '127.0.0.1');
});
clearInterval(timer);
await flushing;
client.close();
server.close();
fs.rmSync(folder, { recursive: true, force: true });
