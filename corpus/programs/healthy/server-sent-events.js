'use strict';

/** Live results: clients follow by server-sent events for a second, others poll and wait. */

const { EventEmitter, once } = require('node:events');
const http = require('node:http');
const { EventSource } = require('eventsource');
const { pace } = require('../../support/pace');

const STAY_MS = 1_000;
const POLL_MS = 1_500;

const results = new EventEmitter();
results.setMaxListeners(0);

function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (result) => response.write(`data: ${JSON.stringify(result)}\n\n`);
  results.on('result', send);
  response.once('close', () => results.off('result', send));
}

function poll(response) {
  const answer = (result) => {
    clearTimeout(timeout);
    results.off('result', answer);
    response.end(JSON.stringify(result));
  };
  const timeout = setTimeout(answer, POLL_MS, null);
  results.once('result', answer);
}

async function follow(url) {
  const source = new EventSource(`${url}/stream`);
  const seen = [];
  source.addEventListener('message', ({ data }) => seen.push(JSON.parse(data)));
  await new Promise((resolve) => setTimeout(resolve, STAY_MS));
  source.close();
}

async function ask(url) {
  const response = await fetch(`${url}/poll`);
  return response.json();
}

async function main() {
  const server = http.createServer((request, response) => {
    if (request.url === '/poll') poll(response);
    else stream(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  let games = 0;
  const play = setInterval(() => results.emit('result', { game: games++, score: '2:1' }), 200);
  const open = new Set();
  await pace(40, (n) => {
    const client = (n % 2 === 0 ? follow(url) : ask(url)).finally(() => open.delete(client));
    open.add(client);
  });
  await Promise.all(open);
  clearInterval(play);
  server.close();
  server.closeAllConnections();
}

main();
