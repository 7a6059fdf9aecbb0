'use strict';

/** Thumbnails made with jpeg-js on demand, of which lru_map keeps a dozen; there are far more to be had. */

const jpeg = require('jpeg-js');
const { LRUMap } = require('lru_map');
const { pace } = require('../../support/pace');

const REQUESTS_PER_SECOND = 5;
const PHOTOS = 25;
const SIZES = [8, 12, 16, 20, 24, 28, 32, 40];
const KEEP_THUMBNAILS = 12;
const WIDTH = 80;
const HEIGHT = 60;

function photograph(n) {
  const data = Buffer.alloc(WIDTH * HEIGHT * 4);
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel += 1) {
    data[pixel * 4] = (pixel * (n + 1)) % 256;
    data[pixel * 4 + 1] = (pixel / WIDTH) * 4;
    data[pixel * 4 + 2] = n * 10;
    data[pixel * 4 + 3] = 255;
  }
  return jpeg.encode({ data, width: WIDTH, height: HEIGHT }, 70).data;
}

const photos = Array.from({ length: PHOTOS }, (_, n) => photograph(n));
const thumbnails = new LRUMap(KEEP_THUMBNAILS);

function shrink(photo, width) {
  const source = jpeg.decode(photos[photo], { useTArray: true });
  const height = Math.round((width * HEIGHT) / WIDTH);
  const data = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from =
        (Math.floor((y * HEIGHT) / height) * WIDTH + Math.floor((x * WIDTH) / width)) * 4;
      data.set(source.data.subarray(from, from + 4), (y * width + x) * 4);
    }
  }
  return jpeg.encode({ data, width, height }, 80).data;
}

function thumbnail(photo, width) {
  const key = `${photo}@${width}`;
  const known = thumbnails.get(key);
  if (known !== undefined) return known;
  const made = shrink(photo, width);
  thumbnails.set(key, made);
  return made;
}

pace(REQUESTS_PER_SECOND, () => {
  const photo = Math.floor(Math.random() * PHOTOS);
  thumbnail(photo, SIZES[Math.floor(Math.random() * SIZES.length)]);
});
