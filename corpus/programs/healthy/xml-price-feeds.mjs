/** Suppliers' price feeds in XML: parsed as they come, with the last prices of each article kept. */

import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import pacing from '../../support/pace.js';

const FEEDS_PER_SECOND = 12;
const ARTICLES = 200;
const ARTICLES_PER_FEED = 30;
const KEEP_PRICES = 5;

const parser = new XMLParser({ ignoreAttributes: false, parseAttributeValue: true });
const builder = new XMLBuilder({ ignoreAttributes: false });

/** By article; the oldest price goes when there are enough. */
const prices = new Map();

function feed(n) {
  const article = Array.from({ length: ARTICLES_PER_FEED }, (_, position) => ({
    '@_id': (n * ARTICLES_PER_FEED + position) % ARTICLES,
    name: `Article ${(n * ARTICLES_PER_FEED + position) % ARTICLES}`,
    price: { '@_currency': 'EUR', '#text': (5 + ((n * position) % 90)).toFixed(2) },
    stock: (n + position) % 40,
  }));
  return builder.build({ feed: { '@_supplier': `supplier-${n % 9}`, article } });
}

function take(xml) {
  const { feed: content } = parser.parse(xml);
  for (const article of content.article) {
    const id = article['@_id'];
    const known = prices.get(id) ?? [];
    known.push({ supplier: content['@_supplier'], price: article.price['#text'], at: Date.now() });
    if (known.length > KEEP_PRICES) known.shift();
    prices.set(id, known);
  }
}

await pacing.pace(FEEDS_PER_SECOND, (n) => take(feed(n)));
