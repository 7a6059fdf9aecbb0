/** A shop window on eta: 120 blocks are compiled as they are first shown, and from then on only rendered. */

import { Eta } from 'eta';
import pacing from '../../support/pace.js';

const BLOCKS = 120;
const SHOPS = ['north', 'harbour', 'station', 'market'];

const eta = new Eta({ autoEscape: true, cache: false });

/** What an editor wrote for a block; in the real shop it is read from a content store. */
function sourceOf(block) {
  const columns = 2 + (block % 5);
  return `<section class="block-${block}">
  <h2><%= it.shop %> no. ${block}</h2>
  <% for (const product of it.products) { %>
    <div class="of-${columns}"><b><%= product.name %></b>
      <% if (product.price < ${10 + block}) { %><em>offer</em><% } else { %><span><%= product.price %></span><% } %>
    </div>
  <% } %>
</section>`;
}

class Blocks {
  #compiled = new Map();

  get(block) {
    let template = this.#compiled.get(block);
    if (template === undefined) {
      template = eta.compile(sourceOf(block));
      this.#compiled.set(block, template);
    }
    return template;
  }

  render(block, data) {
    return this.get(block).call(eta, data);
  }
}

const blocks = new Blocks();
let bytes = 0;

function page(n) {
  const products = Array.from({ length: 15 }, (_, i) => ({
    name: `Thing <${(n * 7 + i) % 400}>`,
    price: (n * 13 + i * 29) % 150,
  }));
  const data = { shop: SHOPS[n % SHOPS.length], products };
  return [n, n * 7 + 3].map((block) => blocks.render(block % BLOCKS, data)).join('\n');
}

await pacing.pace(45, (n) => {
  bytes += page(n).length;
});
if (bytes === 0) process.exitCode = 1;
