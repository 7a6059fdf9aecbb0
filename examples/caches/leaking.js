'use strict';

/** A Map that serves as a cache, with a key that is new for every request. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

/** Rendered pages by URL. */
const pages = new Map();

/** @param {string} url */
function render(url) {
  return `<h1>${url}</h1>`;
}

receiveTraffic(({ url }) => {
  if (pages.has(url)) return;
  // leak: the URL carries the session, so no entry is ever asked for again, and none ever leaves
  pages.set(url, render(url));
});
