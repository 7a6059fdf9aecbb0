'use strict';

/** Makes thumbnails by fastq, one at a time, and takes in more pictures than that can ever do. */

const fastq = require('fastq');
const { pace } = require('../../support/pace');

const PICTURES_PER_SECOND = 150;
const THUMBNAIL_MS = 25;

let done = 0;

function makeThumbnail(picture, callback) {
  setTimeout(() => {
    done += picture.pixels.length > 0 ? 1 : 0;
    callback(null);
  }, THUMBNAIL_MS);
}

const queue = fastq(makeThumbnail, 1);

pace(PICTURES_PER_SECOND, (n) => {
  const picture = { name: `picture-${n}`, pixels: Array.from({ length: 64 }, (_, i) => i * n) };
  queue.push(picture, (error) => {
    if (error !== null) throw error;
  });
}).then(() => process.exit(done > 0 ? 0 : 1));
