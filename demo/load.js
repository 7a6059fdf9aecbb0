'use strict';

/**
 * The customers of the shop: `node load.js <url> <seconds>`. Runs in a process of its own, so that
 * what it holds is not the service's. Its rates are fixed, so that a fast machine and a slow one see
 * the same leaks; requests come one by one, as tools that send a burst every second do not send them.
 */

const { Agent, get } = require('node:http');
const { WebSocket } = require('ws');

const REQUESTS_PER_SECOND = 400;
const VISITORS_PER_SECOND = 8;
const VISIT_MS = 500;
const BEAT_MS = 20;
const PROGRESS_MS = 5000;
/** A service that does not keep up is not sent more. */
const MAX_OPEN = 64;

const [url, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 10 });
const startMs = performance.now();

/** What a customer asks for, in turn. @type {((n: number) => string)[]} */
const PATHS = [
  (n) => `/products?page=${n}`,
  (n) => `/search?q=shoes+for+customer+${n}`,
  (n) => `/products/${n % 10_000}`,
  (n) => `/search?q=gift+number+${n}`,
  (n) => `/orders/${n}/invoice`,
];

let sent = 0;
let open = 0;
let begun = 0;
let visits = 0;

function request() {
  const path = PATHS[sent % PATHS.length](sent);
  sent += 1;
  open += 1;
  get(new URL(path, url), { agent }, (response) => {
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
    response.resume().once('end', () => {
      open -= 1;
    });
  });
}

/** Opens the live view, looks for a moment and leaves. */
function visit() {
  begun += 1;
  const socket = new WebSocket(new URL('/live', url.replace('http', 'ws')));
  socket.once('message', () => setTimeout(() => socket.close(), VISIT_MS));
  socket.once('close', () => {
    visits += 1;
  });
}

function tell() {
  const requests = sent.toLocaleString('en');
  console.log(`${requests} requests so far; ${visits} visitors of the live view came and went`);
}

const beat = setInterval(() => {
  const elapsed = (performance.now() - startMs) / 1000;
  while (sent < elapsed * REQUESTS_PER_SECOND && open < MAX_OPEN) request();
  while (begun < elapsed * VISITORS_PER_SECOND) visit();
  if (elapsed < Number(seconds)) return;
  clearInterval(beat);
  clearInterval(progress);
  tell();
}, BEAT_MS);
const progress = setInterval(tell, PROGRESS_MS);
