'use strict';

/** Receipts by Mustache, which keeps each parsed template; there are some of each shop, and no more come. */

const Mustache = require('mustache');
const { pace } = require('../../support/pace');

const RECEIPTS_PER_SECOND = 90;
const SHOPS = 30;
const KINDS = ['sale', 'return', 'voucher'];
const KEEP_RECEIPTS = 60;

const words = {
  sale: 'Thank you for your purchase',
  return: 'We took this back',
  voucher: 'A present for you',
};

function templateOf(shop, kind) {
  return `<h1>${words[kind]} at shop ${shop}</h1>
<ul>{{#items}}<li>{{pieces}} &times; {{name}}{{#reduced}} (reduced){{/reduced}}: {{cents}} ct</li>{{/items}}</ul>
{{^items}}<p>Nothing bought.</p>{{/items}}
{{>footer}}`;
}

const templates = new Map();
for (let shop = 0; shop < SHOPS; shop += 1) {
  for (const kind of KINDS) templates.set(`${shop}/${kind}`, templateOf(shop, kind));
}

/** The till's memory: the last receipts can be printed again. */
const last = [];

function print(n) {
  // New shops open one after the other until all are there.
  const shop = n % Math.min(SHOPS, 1 + Math.floor(n / 8));
  const kind = KINDS[n % KINDS.length];
  const items = Array.from({ length: n % 5 }, (_, item) => ({
    name: `article ${(n * 3 + item) % 400}`,
    pieces: 1 + (item % 3),
    cents: 99 + ((n + item) % 900),
    reduced: item === 2,
  }));
  const text = Mustache.render(
    templates.get(`${shop}/${kind}`),
    { items },
    { footer: '<p>{{items.length}} positions</p>' },
  );
  last.push(text);
  if (last.length > KEEP_RECEIPTS) last.shift();
}

pace(RECEIPTS_PER_SECOND, print);
