'use strict';

/** An exporter that makes much garbage and keeps none of it: parses, maps and writes large documents. */

const { pace } = require('../../support/pace');

const source = JSON.stringify(
  Array.from({ length: 400 }, (_, id) => ({
    id,
    name: `Article ${id}`,
    prices: { eur: id * 1.07, usd: id * 1.18 },
    tags: ['a', 'b', `tag-${id % 30}`],
  })),
);
const sizes = { documents: 0, bytes: 0 };

pace(80, (n) => {
  const articles = JSON.parse(source);
  const rows = articles
    .filter(({ id }) => id % 3 !== n % 3)
    .map(({ id, name, prices, tags }) => ({
      id,
      label: `${name} (${n})`,
      ...prices,
      tags: tags.join(),
    }));
  const grouped = Map.groupBy?.(rows, ({ tags }) => tags) ?? new Map([['all', rows]]);
  const text = JSON.stringify([...grouped.values()]);
  sizes.documents += 1;
  sizes.bytes += text.length;
});
