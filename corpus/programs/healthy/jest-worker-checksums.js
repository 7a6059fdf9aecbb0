'use strict';

/** Scans checked in two threads of jest-worker; they come in boxes, and each box is a burst. */

const { createHash } = require('node:crypto');
const { Worker } = require('jest-worker');
const { pace } = require('../../support/pace');

const BOXES_PER_SECOND = 0.8;
const SCANS_PER_BOX = 60;
const KEEP_BOXES = 3;

/** Runs in the threads. */
exports.check = ({ box, scan, pages }) => {
  const hash = createHash('sha256');
  for (let page = 0; page < pages; page += 1) {
    hash.update(`${box}/${scan}/${page}`.padEnd(4_000, '.'));
  }
  return { scan, digest: hash.digest('hex') };
};

async function main() {
  const pool = new Worker(__filename, {
    enableWorkerThreads: true,
    numWorkers: 2,
    exposedMethods: ['check'],
  });
  const boxes = new Map();
  const open = new Set();
  await pace(BOXES_PER_SECOND, (box) => {
    const scans = Array.from({ length: SCANS_PER_BOX }, (_, scan) =>
      pool.check({ box, scan, pages: 20 + (scan % 30) }),
    );
    const work = Promise.all(scans).then((digests) => {
      boxes.set(box, digests);
      boxes.delete(box - KEEP_BOXES);
      open.delete(work);
    });
    open.add(work);
  });
  await Promise.all(open);
  await pool.end();
}

if (require.main === module) main();
