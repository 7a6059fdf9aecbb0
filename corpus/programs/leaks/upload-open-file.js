'use strict';

/** Looks into the header of each upload; of those that are not pictures it forgets to close the file. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const express = require('express');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 60;
const HEADER_BYTES = 8;
const PICTURES = 3;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-uploads-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

function saveExamples() {
  for (let n = 0; n < 4; n += 1) {
    const magic = n < PICTURES ? '\x89PNG\r\n\x1a\n' : '%PDF-1.7';
    fs.writeFileSync(path.join(folder, `upload-${n}`), Buffer.from(`${magic}content`, 'latin1'));
  }
}

function isPicture(file) {
  const descriptor = fs.openSync(file, 'r');
  const header = Buffer.alloc(HEADER_BYTES);
  fs.readSync(descriptor, header, 0, HEADER_BYTES, 0);
  if (header.toString('latin1', 1, 4) !== 'PNG') return false;
  fs.closeSync(descriptor);
  return true;
}

const app = express();

app.get('/uploads/:n', (request, response) => {
  const picture = isPicture(path.join(folder, `upload-${request.params.n}`));
  response.json({ picture });
});

async function main() {
  saveExamples();
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /uploads/0', 'GET /uploads/1', 'GET /uploads/3'],
  });
  process.exit(0);
}

main();
