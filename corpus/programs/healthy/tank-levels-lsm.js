'use strict';

/**
 * Levels of 1,200 tanks in a log-structured store: a table in memory, flushed into sorted segments, of
 * which four are merged into one. All tanks are known after three seconds; old levels go with a merge.
 */

const { pace } = require('../../support/pace');

const WRITES_PER_SECOND = 400;
const TANKS = 1200;
const TABLE_ROWS = 400;
const MERGE_AT = 4;

class Store {
  #table = new Map();
  /** The newest first; rows sorted by key. */
  #segments = [];

  put(key, value) {
    this.#table.set(key, value);
    if (this.#table.size < TABLE_ROWS) return;
    this.#segments.unshift(this.#sorted(this.#table));
    this.#table = new Map();
    if (this.#segments.length >= MERGE_AT) this.#merge();
  }

  get(key) {
    if (this.#table.has(key)) return this.#table.get(key);
    for (const rows of this.#segments) {
      const at = this.#search(rows, key);
      if (at !== -1) return rows[at].value;
    }
    return undefined;
  }

  #merge() {
    const merged = new Map();
    for (const rows of this.#segments.reverse()) {
      for (const { key, value } of rows) merged.set(key, value);
    }
    this.#segments = [this.#sorted(merged)];
  }

  #sorted(map) {
    return [...map]
      .map(([key, value]) => ({ key, value }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #search(rows, key) {
    let low = 0;
    let high = rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (rows[middle].key === key) return middle;
      if (rows[middle].key < key) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

async function main() {
  const store = new Store();
  let alarms = 0;
  await pace(WRITES_PER_SECOND, (n) => {
    const key = `tank-${String((n * 37) % TANKS).padStart(4, '0')}`;
    const before = store.get(key);
    const litres = 4000 + ((n * 13) % 900);
    if (before !== undefined && before.litres - litres > 800) alarms += 1;
    store.put(key, {
      litres,
      celsius: 8 + (n % 9),
      at: n,
      trend: litres - (before?.litres ?? litres),
    });
  });
  process.exit(alarms >= 0 ? 0 : 1);
}

main();
