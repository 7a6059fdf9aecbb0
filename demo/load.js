/**
 * The customers of the shop: `node load.js <url> <seconds>`. Runs in a process of its own, so that
 * what it holds is not the service's. Its rates are fixed, so that a fast machine and a slow one see
 * the same leaks.
 */

const autocannon = require('autocannon');
const { WebSocket } = require('ws');

const REQUESTS_PER_SECOND = 400;
const VISITORS_PER_SECOND = 8;
const VISIT_MS = 500;
const PROGRESS_MS = 5000;

const [url, seconds] = process.argv.slice(2);

let serial = 0;
let visits = 0;

/** @param {(n: number) => string} path  of the n-th request */
const get = (path) => ({
  setupRequest(request) {
    serial += 1;
    return { ...request, path: path(serial) };
  },
});

/** Opens the live view, looks for a moment and leaves. */
function visit() {
  const socket = new WebSocket(new URL('/live', url.replace('http', 'ws')));
  socket.once('message', () => setTimeout(() => socket.close(), VISIT_MS));
  socket.once('close', () => {
    visits += 1;
  });
}

const visitors = setInterval(visit, 1000 / VISITORS_PER_SECOND);
const progress = setInterval(() => {
  console.log(`${serial} requests, ${visits} visitors of the live view came and went`);
}, PROGRESS_MS);

autocannon(
  {
    url,
    connections: 10,
    duration: Number(seconds),
    overallRate: REQUESTS_PER_SECOND,
    requests: [
      get((n) => `/products?page=${n}`),
      get((n) => `/search?q=shoes+for+customer+${n}`),
      get((n) => `/products/${n % 10_000}`),
      get((n) => `/search?q=gift+number+${n}`),
      get((n) => `/orders/${n}/invoice`),
    ],
  },
  (error, result) => {
    clearInterval(visitors);
    clearInterval(progress);
    if (error || result.errors > 0 || result.non2xx > 0) {
      console.error(error ?? `${result.errors} errors, ${result.non2xx} bad answers`);
      process.exitCode = 1;
    }
    console.log(`done: ${result['2xx']} requests answered, ${visits} visitors`);
  },
);
