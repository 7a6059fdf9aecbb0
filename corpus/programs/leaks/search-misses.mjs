/** A shop's search on minisearch; searches without a hit are noted for the editors, who never fetch them. */

import MiniSearch from 'minisearch';
import { lru } from 'tiny-lru';
import pacing from '../../support/pace.js';

const SEARCHES_PER_SECOND = 200;
const PRODUCTS = 400;
const NOUNS = ['lamp', 'chair', 'table', 'shelf', 'carpet', 'mirror', 'clock', 'vase'];
const COLOURS = ['red', 'green', 'blue', 'white', 'black'];

const index = new MiniSearch({ fields: ['title'], storeFields: ['title', 'price'] });
index.addAll(
  Array.from({ length: PRODUCTS }, (_, id) => ({
    id,
    title: `${COLOURS[id % COLOURS.length]} ${NOUNS[id % NOUNS.length]} model${id}`,
    price: 10 + (id % 70),
  })),
);

const recent = lru(50);
const misses = [];

/** For the editors, who look after synonyms. */
function noteMiss(query, customer) {
  misses.push({
    query,
    customer,
    words: query.split(' '),
    at: new Date(),
  });
}

function search(query, customer) {
  const known = recent.get(query);
  if (known !== undefined) return known;
  const hits = index.search(query, { prefix: true }).slice(0, 10);
  if (hits.length === 0) {
    noteMiss(query, customer);
    return hits;
  }
  recent.set(query, hits);
  return hits;
}

const totals = { hits: 0, searches: 0 };
await pacing.pace(SEARCHES_PER_SECOND, (n) => {
  const noun = NOUNS[(n * 3) % NOUNS.length];
  const query = n % 10 === 0 ? `zzz${n} qqq${n % 13}` : `${COLOURS[n % COLOURS.length]} ${noun}`;
  totals.searches += 1;
  totals.hits += search(query, `customer-${n % 300}`).length;
});
