/** Backups: folders are packed by tar-stream and gzip, read again to verify them, and forgotten; the last eight are kept. */

import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import tar from 'tar-stream';
import pacing from '../../support/pace.js';

const KEEP = 8;
const FILES = 12;

async function pack(folder) {
  const archive = tar.pack();
  const chunks = [];
  for (let file = 0; file < FILES; file += 1) {
    archive.entry({ name: `${folder}/file-${file}.txt` }, `${folder} ${file} `.repeat(300));
  }
  archive.finalize();
  await pipeline(archive, createGzip({ level: 1 }), async (parts) => {
    for await (const part of parts) chunks.push(part);
  });
  return Buffer.concat(chunks);
}

async function verify(archive) {
  const extract = tar.extract();
  const source = new PassThrough();
  source.end(archive);
  let bytes = 0;
  const read = (async () => {
    for await (const entry of extract) {
      for await (const part of entry) bytes += part.length;
    }
  })();
  await Promise.all([pipeline(source, createGunzip(), extract), read]);
  return bytes;
}

const kept = [];
const open = new Set();

async function backUp(n) {
  const archive = await pack(`folder-${n}`);
  kept.push({ n, archive, bytes: await verify(archive) });
  if (kept.length > KEEP) kept.shift();
}

await pacing.pace(8, (n) => {
  const done = backUp(n).finally(() => open.delete(done));
  open.add(done);
});
await Promise.all(open);
