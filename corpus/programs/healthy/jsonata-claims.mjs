/** Insurance claims by jsonata: 48 partners send theirs in a shape of their own, each with a mapping that is parsed once. */

import jsonata from 'jsonata';
import pacing from '../../support/pace.js';

const PARTNERS = 48;

class Mappings {
  #parsed = new Map();

  of(partner) {
    let mapping = this.#parsed.get(partner);
    if (mapping === undefined) {
      mapping = jsonata(
        `{ "partner": ${partner}, "id": claim.no, "total": $sum(claim.items[cents > ${partner}].cents),
           "worst": $max(claim.items.cents), "kinds": $distinct(claim.items.kind),
           "clean": $uppercase($trim(claim.name)), "large": $tooLarge($sum(claim.items.cents)) }`,
      );
      mapping.registerFunction('tooLarge', (cents) => cents > 20_000, '<n:b>');
      this.#parsed.set(partner, mapping);
    }
    return mapping;
  }
}

const mappings = new Mappings();
const totals = new Map();
const open = new Set();

async function take(n) {
  const items = Array.from({ length: 8 }, (_, at) => ({
    kind: ['glass', 'water', 'fire'][(n + at) % 3],
    cents: (n * 31 + at * 977) % 9_000,
  }));
  const claim = { claim: { no: n, name: ` claimant ${n} `, items } };
  const partner = (n * 7) % PARTNERS;
  const mapped = await mappings.of(partner).evaluate(claim);
  totals.set(partner, (totals.get(partner) ?? 0) + mapped.total);
}

await pacing.pace(40, (n) => {
  const taken = take(n).finally(() => open.delete(taken));
  open.add(taken);
});
await Promise.all(open);
