'use strict';

/** Storefronts by pug: 60 shops have a page each, compiled when it is first asked for and kept from then on. */

const pug = require('pug');
const { pace } = require('../../support/pace');

const SHOPS = 60;
const FILLED_AFTER_MS = 3_750;

const pages = new Map();

function compilePage(shop) {
  const source = [
    'mixin price(cents)',
    '  span.price= (cents / 100).toFixed(2)',
    `section(id="shop-${shop}")`,
    `  h1 Shop ${shop}, #{customer}`,
    '  each article in articles',
    '    article',
    '      h2= article.name',
    '      +price(article.cents)',
    '      if article.left < 3',
    '        p.hurry Only #{article.left} left',
  ].join('\n');
  return pug.compile(source, { compileDebug: false });
}

function pageOf(shop) {
  if (!pages.has(shop)) pages.set(shop, compilePage(shop));
  return pages.get(shop);
}

async function main() {
  const startMs = performance.now();
  let sent = 0;
  await pace(60, (n) => {
    // Shops open one after the other in the morning; all are open after four seconds.
    const share = (performance.now() - startMs) / FILLED_AFTER_MS;
    const open = Math.max(1, Math.floor(SHOPS * Math.min(1, share)));
    const articles = Array.from({ length: 12 }, (_, at) => ({
      name: `Article ${(n + at) % 90}`,
      cents: 150 + ((n * at) % 4_000),
      left: (n + at) % 9,
    }));
    sent += pageOf(n % open)({ customer: `customer ${n}`, articles }).length;
  });
  return sent;
}

main();
