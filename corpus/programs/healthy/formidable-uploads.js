'use strict';

/** Photos uploaded by forms that formidable reads: each lies in a temporary file until it is looked at. */

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { formidable } = require('formidable');
const { FormData, request } = require('undici');
const { pace } = require('../../support/pace');

const UPLOADS_PER_SECOND = 8;
const KEEP_PHOTOS = 20;

const photos = new Map();

function handler(uploadDir) {
  return async (incoming, response) => {
    const form = formidable({ uploadDir, keepExtensions: true, maxFileSize: 200_000 });
    const [fields, files] = await form.parse(incoming);
    const [photo] = files.photo;
    const hash = createHash('sha1');
    await pipeline(fs.createReadStream(photo.filepath), hash);
    await fs.promises.unlink(photo.filepath);
    photos.set(fields.title[0], { bytes: photo.size, digest: hash.digest('hex') });
    if (photos.size > KEEP_PHOTOS) photos.delete(photos.keys().next().value);
    response.end('thank you');
  };
}

async function upload(url, n) {
  const form = new FormData();
  form.set('title', `photo ${n}`);
  form.set('photo', new Blob([Buffer.alloc(10_000 + (n % 10) * 1_000, n)]), `photo-${n}.raw`);
  const { body } = await request(url, { method: 'POST', body: form });
  await body.text();
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uploads-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const server = http.createServer(handler(folder));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}/`;
  const open = new Set();
  await pace(UPLOADS_PER_SECOND, (n) => {
    const one = upload(url, n).finally(() => open.delete(one));
    open.add(one);
  });
  await Promise.all(open);
  server.close();
  server.closeAllConnections();
}

main();
