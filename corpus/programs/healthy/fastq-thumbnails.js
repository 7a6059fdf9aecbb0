'use strict';

/** Thumbnails through fastq: uploads come in waves, each wave is worked off before the next. */

const { createHash } = require('node:crypto');
const fastq = require('fastq');
const { pace } = require('../../support/pace');

/** Uploads a second over a wave of three, one busy. */
const WAVES = 5;
const BUSY_PER_SECOND = 500;
const QUIET_PER_SECOND = 40;

/** Handles of uploads under way, by name. */
const uploads = new Map();

const queue = fastq.promise(async ({ image }) => {
  await new Promise((resolve) => setTimeout(resolve, 15));
  return createHash('sha256').update(image).digest('hex');
}, 6);

function upload(n) {
  const name = `photo-${n}.jpg`;
  uploads.set(name, { at: Date.now() });
  queue.push({ image: Buffer.alloc(4_096, n % 251) }).finally(() => uploads.delete(name));
}

async function main() {
  const rate = (share) => ((share * WAVES) % 1 < 1 / 3 ? BUSY_PER_SECOND : QUIET_PER_SECOND);
  await pace(rate, upload);
  await queue.drained();
}

main();
