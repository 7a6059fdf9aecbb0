'use strict';

/** An archiver: writes files, packs them through gzip streams, reads them back and deletes them. */

const { createReadStream, createWriteStream, mkdtempSync, rmSync } = require('node:fs');
const { readFile, rm, writeFile } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { createGzip, gunzipSync } = require('node:zlib');
const { pace } = require('../../support/pace');

const folder = mkdtempSync(path.join(tmpdir(), 'archive-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

async function archive(n) {
  const plain = path.join(folder, `${n}.log`);
  const packed = `${plain}.gz`;
  await writeFile(plain, `entry ${n}\n`.repeat(2_000));
  await pipeline(createReadStream(plain), createGzip(), createWriteStream(packed));
  const lines = gunzipSync(await readFile(packed))
    .toString()
    .split('\n').length;
  await Promise.all([rm(plain), rm(packed)]);
  return lines;
}

async function main() {
  const open = new Set();
  await pace(25, (n) => {
    const archived = archive(n).finally(() => open.delete(archived));
    open.add(archived);
  });
  await Promise.all(open);
}

main();
