'use strict';

/** A proxy under load: requests are piped to a backend over a keep-alive http.Agent and back. */

const { once } = require('node:events');
const http = require('node:http');
const { pipeline } = require('node:stream/promises');
const { visit } = require('../../support/visitors');

const PAGE = 'lorem ipsum '.repeat(500);

const agent = new http.Agent({
  keepAlive: true,
  maxSockets: 20,
  maxFreeSockets: 5,
  timeout: 2_000,
});

const backend = http.createServer((_request, response) => {
  setTimeout(() => response.end(PAGE), 5);
});

async function forward(request, response, port) {
  const { url: path, method, headers } = request;
  const onward = http.request({ host: '127.0.0.1', port, path, method, headers, agent });
  const abort = () => onward.destroy();
  response.once('close', abort);
  const [answers] = await Promise.all([once(onward, 'response'), pipeline(request, onward)]);
  const [answer] = answers;
  response.writeHead(answer.statusCode, answer.headers);
  await pipeline(answer, response);
  response.off('close', abort);
}

async function main() {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const { port } = backend.address();
  const proxy = http.createServer((request, response) => {
    forward(request, response, port).catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  await visit(`http://127.0.0.1:${proxy.address().port}`, {
    perSecond: 150,
    requests: ['GET /pages/{n}', 'POST /orders', 'GET /pages/{id}'],
  });
  proxy.close();
  proxy.closeAllConnections();
  agent.destroy();
  backend.close();
}

main();
