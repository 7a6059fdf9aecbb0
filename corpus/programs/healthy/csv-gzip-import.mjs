/** Imports shops' sales: gzipped CSV is unpacked with fflate, read row by row with csv-parse, and only sums are kept. */

import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { gunzipSync, gzipSync, strFromU8, strToU8 } from 'fflate';
import pacing from '../../support/pace.js';

const FILES_PER_SECOND = 6;
const SHOPS = 25;
const ROWS = 400;

const sums = new Map();
const counted = { files: 0, rows: 0, rejected: 0 };

function upload(n) {
  const rows = ['shop,article,pieces,price,note'];
  for (let row = 0; row < ROWS; row += 1) {
    const price = row % 90 === 0 ? 'unknown' : (row % 50) + 0.99;
    rows.push(`${(n + row) % SHOPS},article-${row},${1 + (row % 5)},${price},"sold, file ${n}"`);
  }
  return gzipSync(strToU8(rows.join('\n')), { level: 3, mtime: 0 });
}

function addUp() {
  return new Transform({
    objectMode: true,
    transform(row, _encoding, done) {
      const cents = Math.round(Number(row.price) * 100) * Number(row.pieces);
      if (!Number.isNaN(cents)) return done(null, { shop: row.shop, cents });
      counted.rejected += 1;
      return done();
    },
  });
}

async function importFile(packed) {
  const text = strFromU8(gunzipSync(packed));
  const lines = Readable.from(text.match(/[^\n]+\n?/g));
  await pipeline(lines, parse({ columns: true }), addUp(), async (sales) => {
    for await (const { shop, cents } of sales) {
      sums.set(shop, (sums.get(shop) ?? 0) + cents);
      counted.rows += 1;
    }
  });
  counted.files += 1;
}

const open = new Set();
await pacing.pace(FILES_PER_SECOND, (n) => {
  const imported = importFile(upload(n)).finally(() => open.delete(imported));
  open.add(imported);
});
await Promise.all(open);
if (sums.size > SHOPS) throw new Error('there are more shops than there are');
