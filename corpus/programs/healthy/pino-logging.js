'use strict';

/** A service that logs by pino into a file, with a child logger per request. */

const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const http = require('node:http');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const pino = require('pino');
const { visit } = require('../../support/visitors');

const folder = mkdtempSync(path.join(tmpdir(), 'log-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const file = pino.destination({
  dest: path.join(folder, 'app.log'),
  sync: false,
  minLength: 4_096,
});
const logger = pino({ level: 'debug' }, file);
let served = 0;
let open = 0;

const server = http.createServer((request, response) => {
  served += 1;
  open += 1;
  const log = logger.child({ request: served, path: request.url });
  log.info('received');
  response.once('close', () => {
    open -= 1;
    log.debug({ status: response.statusCode }, 'answered');
  });
  setTimeout(() => response.end('ok'), 4);
});

async function main() {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  await visit(url, { perSecond: 200, requests: ['GET /a/{n}', 'GET /b/{id}'] });
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  // A connection that was cut says so a little later, and that is logged too.
  while (open > 0) await sleep(5);
  file.flushSync();
  file.end();
  await once(file, 'close');
}

main();
