/** Access logs, file by file: read by line, parsed and summed up in a pipeline of through2. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import through2 from 'through2';
import pacing from '../../support/pace.js';

const FILES_PER_SECOND = 3;
const LINES_PER_FILE = 300;
const PATHS = 40;
const KEEP_SUMMARIES = 8;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'access-logs-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const hits = new Map();
const summaries = [];

async function rotate(n) {
  const file = path.join(folder, `access-${n}.log`);
  const lines = Array.from(
    { length: LINES_PER_FILE },
    (_, line) =>
      `10.0.${n % 200}.${line % 200} GET /page/${(line * 7) % PATHS} ${200 + (line % 3)} ${line}ms`,
  );
  await fs.promises.writeFile(file, lines.join('\n'));
  return file;
}

async function sumUp(file) {
  const summary = { file: path.basename(file), lines: 0, failures: 0, slowest: 0 };
  const parse = through2.obj((line, _encoding, done) => {
    const [address, , page, status, duration] = line.split(' ');
    done(null, { address, page, status: Number(status), ms: Number.parseInt(duration, 10) });
  });
  const count = through2.obj((hit, _encoding, done) => {
    hits.set(hit.page, (hits.get(hit.page) ?? 0) + 1);
    summary.lines += 1;
    if (hit.status > 201) summary.failures += 1;
    summary.slowest = Math.max(summary.slowest, hit.ms);
    done();
  });
  const lines = readline.createInterface({ input: fs.createReadStream(file) });
  await pipeline(Readable.from(lines), parse, count);
  await fs.promises.unlink(file);
  summaries.push(summary);
  if (summaries.length > KEEP_SUMMARIES) summaries.shift();
}

const open = new Set();

await pacing.pace(FILES_PER_SECOND, (n) => {
  const one = rotate(n)
    .then(sumUp)
    .finally(() => open.delete(one));
  open.add(one);
});
await Promise.all(open);
