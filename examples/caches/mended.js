'use strict';

/**
 * A key without the session, so that the cache is of use, and a bound, so that it cannot grow. In an
 * application lru-cache does this; here a Map is enough, because it keeps its keys in their order.
 */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

const MAX_PAGES = 150;

/** Rendered pages by path, the one used longest ago first. */
const pages = new Map();

/** @param {string} path */
function render(path) {
  return `<h1>${path}</h1>`;
}

/** @param {string} path */
function findPage(path) {
  const page = pages.get(path) ?? render(path);
  pages.delete(path);
  pages.set(path, page);
  if (pages.size > MAX_PAGES) pages.delete(pages.keys().next().value);
  return page;
}

receiveTraffic(({ id, url }) => {
  const [path] = url.split('?');
  findPage(path);
  // Visitors of the archive, of which there is far more than fits.
  findPage(`/archive/${id}`);
});
