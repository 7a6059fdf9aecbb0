'use strict';

/** Mailings with liquidjs: 400 shops have a template of their own, and the 80 used last stay compiled. */

const { Liquid } = require('liquidjs');
const { pace } = require('../../support/pace');

const SHOPS = 400;
const COMPILED = 80;

function writeTemplate(shop) {
  return [
    `{% layout "letter" %}{% block body %}`,
    `<h1>Shop ${shop} thanks {{ customer.name | escape }}</h1>`,
    '{% for line in order.lines %}<p>{{ line.pieces }} x {{ line.title | upcase }}</p>{% endfor %}',
    '{% if order.total > 100 %}<b>No postage.</b>{% else %}Postage is {{ 4.9 | plus: 0 }}.{% endif %}',
    '{% endblock %}',
  ].join('\n');
}

const templates = { letter: '<html>{% block body %}{% endblock %}</html>' };
for (let shop = 0; shop < SHOPS; shop += 1) templates[`shop-${shop}`] = writeTemplate(shop);

const engine = new Liquid({ templates, cache: COMPILED });
engine.registerFilter('upcase', (text) => text.toUpperCase());

function readOrder(n) {
  const lines = Array.from({ length: 1 + (n % 6) }, (_, line) => ({
    pieces: 1 + line,
    title: `Article ${(n * 31 + line) % 5_000}`,
  }));
  return { lines, total: lines.length * 30 };
}

async function write(n) {
  // Large shops write far more often than small ones.
  const shop = Math.floor(SHOPS ** Math.random());
  const customer = { name: `Customer <${n}>` };
  const [body, subject] = await Promise.all([
    engine.renderFile(`shop-${shop}`, { customer, order: readOrder(n) }),
    // What a customer typed in: compiled, rendered and forgotten.
    engine.parseAndRender(`Order ${n} of {{ customer.name }}`, { customer }),
  ]);
  return body.length + subject.length;
}

async function main() {
  const open = new Set();
  await pace(60, (n) => {
    const written = write(n).finally(() => open.delete(written));
    open.add(written);
  });
  await Promise.all(open);
}

main();
