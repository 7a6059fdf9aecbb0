/** Crawls a site with htmlparser2 and remembers what it has seen; the site has a calendar without end. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Parser } from 'htmlparser2';
import pacing from '../../support/pace.js';

const PAUSE_MS = 15;
const ARTICLES = 60;
const FRONTIER_MAX = 400;
const END = performance.now() + pacing.SECONDS * 1000;

/** The site: articles that link to each other, and a calendar of which each day links to the next. */
async function download(url) {
  await sleep(2);
  const { pathname, searchParams } = new URL(url);
  const number = Number(pathname.match(/\d+/)?.[0] ?? 0);
  const links = [1, 2, 3].map((step) => `/articles/${(number * 7 + step) % ARTICLES}`);
  const day = Number(searchParams.get('day')) + 1;
  links.push(`/calendar?day=${day}&view=week`, `/calendar?day=${day}&view=month`);
  return `<html><body><h1>${pathname}</h1>${links.map((to) => `<a href="${to}">more</a>`).join('')}</body></html>`;
}

function findLinks(html, base) {
  const links = [];
  const parser = new Parser({
    onopentag(name, { href }) {
      if (name === 'a' && href !== undefined) links.push(new URL(href, base).href);
    },
  });
  parser.end(html);
  return links;
}

async function* crawl(start) {
  const seen = new Set([start]);
  const frontier = [start];
  while (frontier.length > 0 && performance.now() < END) {
    const url = frontier.shift();
    const html = await download(url);
    for (const link of findLinks(html, url)) {
      if (seen.has(link)) continue;
      seen.add(link);
      if (frontier.length < FRONTIER_MAX) frontier.push(link);
    }
    yield { url, bytes: html.length };
  }
}

const totals = { pages: 0, bytes: 0 };
for await (const page of crawl('http://example.test/articles/1')) {
  totals.pages += 1;
  totals.bytes += page.bytes;
  await sleep(PAUSE_MS);
}
