/** A wiki: pages in an LRU of 200, and rendered pages in a Map by page and revision, which only grows. */

import { marked } from 'marked';
import { lru } from 'tiny-lru';
import pacing from '../../support/pace.js';

const REQUESTS_PER_SECOND = 60;
const PAGES = 140;

const pages = lru(200);
const rendered = new Map();

function load(slug) {
  let page = pages.get(slug);
  if (page === undefined) {
    page = { slug, revision: 1, source: `# ${slug}\n\nNothing here *yet*.\n` };
    pages.set(slug, page);
  }
  return page;
}

function edit(slug, editor) {
  const page = load(slug);
  const paragraphs = page.source.split('\n\n').slice(-4);
  page.revision += 1;
  page.source = [`# ${slug}`, ...paragraphs.slice(1), `- changed by **${editor}**`].join('\n\n');
}

function show(slug) {
  const { revision, source } = load(slug);
  const key = `${slug}@${revision}`;
  if (!rendered.has(key)) rendered.set(key, marked.parse(source));
  return rendered.get(key);
}

const sent = { pages: 0, bytes: 0 };
await pacing.pace(REQUESTS_PER_SECOND, (n) => {
  const slug = `page-${(n * 31) % PAGES}`;
  if (n % 3 === 0) {
    edit(slug, `editor-${n % 25}`);
    return;
  }
  sent.pages += 1;
  sent.bytes += show(slug).length;
});
