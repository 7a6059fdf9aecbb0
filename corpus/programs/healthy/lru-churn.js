'use strict';

/** A catalogue behind lru-cache with `max`: always full, always changing. */

const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const catalogue = new LRUCache({ max: 2_000 });
const thumbnails = new LRUCache({
  maxSize: 4_000_000,
  sizeCalculation: (thumbnail) => thumbnail.length,
});

function readProduct(id) {
  return { id, name: `Product ${id}`, description: `${id} `.repeat(40), related: [id + 1, id + 2] };
}

function findProduct(id) {
  let product = catalogue.get(id);
  if (product === undefined) {
    product = readProduct(id);
    catalogue.set(id, product);
  }
  return product;
}

pace(600, (n) => {
  const product = findProduct(n % 3 === 0 ? n : n % 5_000);
  if (!thumbnails.has(product.id)) thumbnails.set(product.id, Buffer.alloc(2_000 + (n % 3_000)));
});
