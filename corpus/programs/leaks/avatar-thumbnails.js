'use strict';

/**
 * Serves avatars as PNG thumbnails. They are kept by the address that they were asked for with, and
 * clients put the time into it to get around their own caches.
 */

const { createServer } = require('node:http');
const { once } = require('node:events');
const { PNG } = require('pngjs');
const { LRUCache } = require('lru-cache');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 30;
const SIZE = 80;

const portraits = new LRUCache({ max: 20 });
const thumbnails = new Map();

function portrait(user) {
  let pixels = portraits.get(user);
  if (pixels === undefined) {
    pixels = Buffer.alloc(SIZE * SIZE * 4);
    for (let at = 0; at < pixels.length; at += 1)
      pixels[at] = ((at * (Number(user) + 7)) % 251) ^ (((at * at) >> 7) & 255);
    portraits.set(user, pixels);
  }
  return pixels;
}

function draw(user) {
  const png = new PNG({ width: SIZE, height: SIZE });
  portrait(user).copy(png.data);
  return PNG.sync.write(png, { deflateLevel: 1 });
}

function thumbnail(url) {
  let image = thumbnails.get(url);
  if (image === undefined) {
    const [, , user] = url.split(/[/?]/);
    image = draw(user);
    thumbnails.set(url, image);
  }
  return image;
}

async function main() {
  const server = createServer((request, response) => {
    const image = thumbnail(request.url);
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': image.length });
    response.end(image);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /avatar/{id}?t={n}', 'GET /avatar/{rank}?t=0{n}', 'GET /avatar/7'],
  });
  process.exit(0);
}

main();
