/** A crawler with cheerio on an endless site: its queue is bounded, and what it has seen is forgotten in time. */

import * as cheerio from 'cheerio';
import pacing from '../../support/pace.js';

const PAGES_PER_SECOND = 25;
const LINKS_PER_PAGE = 8;
const MAX_QUEUE = 120;
const SEEN_PER_GENERATION = 200;
const TOP_WORDS = 40;

async function fetchPage(number) {
  await new Promise((resolve) => setTimeout(resolve, 15));
  const links = Array.from({ length: LINKS_PER_PAGE }, (_, link) => {
    const target = number * LINKS_PER_PAGE + link + 1;
    return `<li><a href="/page/${target % 1_000_003}">Chapter ${target % 97}</a></li>`;
  });
  return `<html><head><title>Page ${number}</title></head><body>
    <p class="lead">Of the ${number % 60}th day</p><ul>${links.join('')}</ul></body></html>`;
}

/** Knows the last 200 to 400 addresses. */
class Seen {
  #young = new Set();
  #old = new Set();

  add(address) {
    if (this.#young.has(address) || this.#old.has(address)) return false;
    this.#young.add(address);
    if (this.#young.size >= SEEN_PER_GENERATION) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return true;
  }
}

const seen = new Seen();
const queue = [0];
const words = new Map();

async function visit(number) {
  const $ = cheerio.load(await fetchPage(number));
  const title = $('p.lead').text().split(' ').at(2);
  if (words.has(title) || words.size < TOP_WORDS) words.set(title, (words.get(title) ?? 0) + 1);
  $('a').each((_, link) => {
    const target = $(link).attr('href').split('/').at(-1);
    if (seen.add(target) && queue.length < MAX_QUEUE) queue.push(Number(target));
  });
}

await pacing.pace(PAGES_PER_SECOND, () => {
  const number = queue.shift();
  if (number !== undefined) visit(number);
});
