'use strict';

/** Documents with metadata in a WeakMap and a cache of WeakRefs that is swept as documents die. */

const { LRUCache } = require('lru-cache');
const { pace } = require('../../support/pace');

const OPEN = 300;

const metadata = new WeakMap();
const views = new Map();
const swept = new FinalizationRegistry((id) => {
  if (views.get(id)?.deref() === undefined) views.delete(id);
});
/** What users have open. */
const documents = new LRUCache({ max: OPEN });

function open(id) {
  const document = {
    id,
    paragraphs: Array.from({ length: 60 }, (_, n) => `${id}.${n} ${'text '.repeat(20)}`),
  };
  metadata.set(document, { openedAt: Date.now(), words: 1_200 });
  views.set(id, new WeakRef(document));
  swept.register(document, id);
  documents.set(id, document);
}

pace(300, open);
