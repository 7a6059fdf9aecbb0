'use strict';

/** Previews the first rows of an upload with csv-parse; ending the parser does not close the file. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const express = require('express');
const { parse } = require('csv-parse');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 20;
const PREVIEW_ROWS = 3;
const UPLOAD_ROWS = 20_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'corpus-csv-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

function saveUpload(file) {
  const rows = Array.from(
    { length: UPLOAD_ROWS },
    (_, n) => `${n},Name ${n},"${n % 90}, paid",EUR`,
  );
  fs.writeFileSync(file, ['id,name,state,currency', ...rows].join('\n'));
}

async function preview(file) {
  const parser = fs.createReadStream(file).pipe(parse({ columns: true }));
  const rows = [];
  for await (const row of parser) {
    rows.push(row);
    if (rows.length === PREVIEW_ROWS) break;
  }
  return rows;
}

async function main() {
  const upload = path.join(folder, 'upload.csv');
  saveUpload(upload);
  const app = express();
  app.get('/uploads/:id/preview', async (request, response) => {
    response.json({ id: request.params.id, rows: await preview(upload) });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /uploads/{id}/preview'],
  });
  process.exit(0);
}

main();
