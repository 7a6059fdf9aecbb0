/**
 * Backups are packed, encrypted, hashed and written by a pipeline each. One in five is cancelled on its
 * way; its streams go with it, and so does the half file. A catalogue knows the last twenty.
 */

import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import pacing from '../../support/pace.js';

const BACKUPS_PER_SECOND = 8;
const BLOCKS = 12;
const KEEP_FILES = 20;
const CANCEL_MS = 25;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'backups-'));
const catalogue = [];
const counts = { written: 0, cancelled: 0 };

async function* blocks(n) {
  for (let block = 0; block < BLOCKS; block += 1) {
    await wait(5);
    yield Buffer.from(`${JSON.stringify({ backup: n, block, rows: block * 31 })}\n`.repeat(60));
  }
}

async function backUp(n, signal) {
  const file = path.join(folder, `${n}.enc`);
  const key = randomBytes(32);
  const hash = createHash('sha256');
  const tap = new PassThrough();
  tap.on('data', (chunk) => hash.update(chunk));
  try {
    await pipeline(
      Readable.from(blocks(n)),
      createGzip(),
      createCipheriv('aes-256-ctr', key, randomBytes(16)),
      tap,
      fs.createWriteStream(file),
      { signal },
    );
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
    counts.cancelled += 1;
    await fs.promises.rm(file, { force: true });
    return;
  }
  counts.written += 1;
  catalogue.push({ file, key, sum: hash.digest('hex') });
  if (catalogue.length > KEEP_FILES) await fs.promises.rm(catalogue.shift().file);
}

const running = new Set();
await pacing.pace(BACKUPS_PER_SECOND, (n) => {
  const controller = new AbortController();
  if (n % 5 === 4) setTimeout(() => controller.abort(), CANCEL_MS);
  const one = backUp(n, controller.signal).finally(() => running.delete(one));
  running.add(one);
});
await Promise.all(running);
fs.rmSync(folder, { recursive: true, force: true });
