/** Map tiles over http2: four sessions are replaced in turn each 300 ms, and tiles that have scrolled away are cancelled. */

import { once } from 'node:events';
import http2 from 'node:http2';
import pacing from '../../support/pace.js';

const SESSIONS = 4;
const REPLACE_EACH_MS = 300;

const live = new Set();
const counted = { tiles: 0, cancelled: 0, replaced: 0 };

const server = http2.createServer();
server.on('session', (session) => {
  live.add(session);
  session.on('close', () => live.delete(session));
  session.on('error', () => {});
});
server.on('stream', (stream, headers) => {
  const drawing = setTimeout(() => {
    stream.respond({ ':status': 200, 'content-type': 'image/fake' });
    stream.end(Buffer.alloc(6_000, headers[':path']));
  }, 15);
  stream.on('close', () => clearTimeout(drawing));
  stream.on('error', () => {});
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${server.address().port}`;

function connect() {
  const session = http2.connect(base);
  session.on('error', () => {});
  return session;
}

const sessions = Array.from({ length: SESSIONS }, connect);

/** The old one answers what it was asked and closes then. */
const replacing = setInterval(() => {
  const at = counted.replaced % SESSIONS;
  sessions[at].close();
  sessions[at] = connect();
  counted.replaced += 1;
}, REPLACE_EACH_MS);

function load(n) {
  const stream = sessions[n % SESSIONS].request({ ':path': `/14/${n % 300}/${(n * 7) % 300}.png` });
  return new Promise((resolve) => {
    stream.on('data', () => {});
    stream.on('end', () => {
      counted.tiles += 1;
    });
    stream.on('error', () => {});
    stream.on('close', resolve);
    if (n % 7 === 0) {
      stream.close(http2.constants.NGHTTP2_CANCEL);
      counted.cancelled += 1;
    }
  });
}

const open = new Set();
await pacing.pace(60, (n) => {
  const loading = load(n).finally(() => open.delete(loading));
  open.add(loading);
});
await Promise.all(open);
clearInterval(replacing);
for (const session of sessions) session.close();
server.close();
