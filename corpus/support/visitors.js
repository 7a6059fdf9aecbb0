'use strict';

/**
 * Visitors of a web server, in a process of their own, so that what they hold is not the server's:
 * `node visitors.js <url> <requests a second> <request>...`. Run by `visit()`, which a server calls.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { Agent, request } = require('node:http');
const { pace } = require('./pace');

const CONNECTIONS = 10;
/** A server that does not keep up is not sent more. */
const MAX_OPEN = 64;

/**
 * Sends requests to a server until the program's time is over.
 * @param {string} url
 * @param {object} options
 * @param {number} options.perSecond
 * @param {string[]} options.requests  in turn; `GET /path/{n}`, where {n} is a running number, {id}
 *   one of 1,000 and {rank} one of 10,000 of which the low ones come far more often; what is not
 *   GET sends a small order as JSON
 */
async function visit(url, { perSecond, requests }) {
  const child = spawn(process.execPath, [__filename, url, String(perSecond), ...requests], {
    // Its input closes when this process ends, however it ends; then it ends too.
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the visitors of ${url} ended with ${code}`);
}

/**
 * @param {string} template
 * @param {number} n
 */
function fillIn(template, n) {
  return template
    .replace('{n}', String(n))
    .replace('{id}', String(Math.floor(Math.random() * 1_000)))
    .replace('{rank}', String(Math.floor(10_000 ** Math.random())));
}

/**
 * @param {string} url
 * @param {number} perSecond
 * @param {string[]} templates
 */
async function sendRequests(url, perSecond, templates) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let open = 0;
  process.stdin.resume().once('end', () => process.exit(1));
  await pace(perSecond, (n) => {
    if (open >= MAX_OPEN) return;
    open += 1;
    const [method, path] = fillIn(templates[n % templates.length], n).split(' ');
    const order =
      method === 'GET' ? undefined : JSON.stringify({ order: n, items: [n % 7, n % 11] });
    const headers = order === undefined ? {} : { 'content-type': 'application/json' };
    const send = () => {
      const sent = request(new URL(path, url), { agent, method, headers }, (response) => {
        if (response.statusCode >= 400) throw new Error(`${path}: ${response.statusCode}`);
        response.resume().once('end', () => {
          open -= 1;
        });
      });
      // A server may close an idle connection just when it is used again: clients send anew.
      sent.once('error', (error) => {
        if (!sent.reusedSocket || error.code !== 'ECONNRESET') throw error;
        send();
      });
      sent.end(order);
    };
    send();
  });
  process.exit(0);
}

if (require.main === module) {
  const [url, perSecond, ...requests] = process.argv.slice(2);
  sendRequests(url, Number(perSecond), requests);
}

exports.visit = visit;
