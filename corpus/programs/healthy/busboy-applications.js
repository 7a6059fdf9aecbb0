'use strict';

/** Applications by busboy: forms with a picture come in by HTTP; one in six is too large and is given up half-way. */

const http = require('node:http');
const { once } = require('node:events');
const { createHash } = require('node:crypto');
const busboy = require('busboy');
const { pace } = require('../../support/pace');

const MAX_BYTES = 40_000;

function receive(request, response) {
  const form = busboy({ headers: request.headers, limits: { fileSize: MAX_BYTES, files: 2 } });
  const fields = {};
  const hash = createHash('sha1');
  let status = 201;
  form.on('field', (name, value) => {
    fields[name] = value;
  });
  form.on('file', (_name, file) => {
    file.on('data', (part) => hash.update(part));
    file.once('limit', () => {
      status = 413;
      file.resume();
    });
  });
  form.once('close', () => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name: fields.name, picture: hash.digest('hex') }));
  });
  request.pipe(form);
}

async function apply(origin, n) {
  const form = new FormData();
  form.set('name', `applicant ${n}`);
  form.set('letter', `Dear all, ${'I would like to. '.repeat(40)}`);
  form.set('picture', new Blob([Buffer.alloc(n % 6 === 0 ? 60_000 : 20_000, n)]), `${n}.png`);
  const answer = await fetch(origin, { method: 'POST', body: form });
  await answer.json();
}

async function main() {
  const server = http.createServer(receive).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}/`;
  const open = new Set();
  await pace(50, (n) => {
    if (open.size >= 16) return;
    const sent = apply(origin, n).finally(() => open.delete(sent));
    open.add(sent);
  });
  await Promise.all(open);
  server.close();
  server.closeAllConnections();
}

main();
