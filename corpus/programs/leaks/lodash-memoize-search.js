'use strict';

/** A search whose results lodash memoizes for ever, by a key that hardly ever comes twice. */

const memoize = require('lodash/memoize');
const { pace } = require('../../support/pace');

const SEARCHES_PER_SECOND = 200;
const WORDS = ['shoe', 'lamp', 'chair', 'spoon', 'kettle', 'rug', 'shelf'];

const stock = Array.from({ length: 500 }, (_, id) => ({
  id,
  name: `${WORDS[id % WORDS.length]} ${id}`,
}));

function find(query) {
  const [word, page] = query.split('#');
  return stock
    .filter(({ name }) => name.startsWith(word))
    .slice(0, 8)
    .map(({ id, name }) => ({ id, name, page }));
}

const search = memoize(
  (query, customer) => ({ customer, hits: find(query) }),
  (query, customer) => {
    return `${query}|${customer}`;
  },
);

let hits = 0;

pace(SEARCHES_PER_SECOND, (n) => {
  hits += search(`${WORDS[n % WORDS.length]}#${n % 3}`, `customer-${n}`).hits.length;
}).then(() => process.exit(hits > 0 ? 0 : 1));
