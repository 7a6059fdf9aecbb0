/**
 * Places by postcode in a cache of its own making: 3,400 slots and a hand that goes round like that of a
 * clock. It takes more than seven seconds to fill, and from then on each new place takes the slot of an old one.
 */

import pacing from '../../support/pace.js';

const LOOKUPS_PER_SECOND = 500;
const SLOTS = 3400;
const REGULARS = 300;

class ClockCache {
  #slots = [];
  #index = new Map();
  #hand = 0;
  #capacity;

  constructor(capacity) {
    this.#capacity = capacity;
  }

  get(key) {
    const slot = this.#index.get(key);
    if (slot === undefined) return undefined;
    const entry = this.#slots[slot];
    entry.used = true;
    return entry.value;
  }

  set(key, value) {
    const slot = this.#freeSlot();
    const old = this.#slots[slot];
    if (old !== undefined) this.#index.delete(old.key);
    this.#slots[slot] = { key, value, used: false };
    this.#index.set(key, slot);
  }

  #freeSlot() {
    if (this.#slots.length < this.#capacity) return this.#slots.length;
    while (this.#slots[this.#hand].used) {
      this.#slots[this.#hand].used = false;
      this.#hand = (this.#hand + 1) % this.#capacity;
    }
    const slot = this.#hand;
    this.#hand = (this.#hand + 1) % this.#capacity;
    return slot;
  }
}

const places = new ClockCache(SLOTS);
const counts = { hits: 0, misses: 0 };

function find(postcode) {
  const known = places.get(postcode);
  if (known !== undefined) {
    counts.hits += 1;
    return known;
  }
  counts.misses += 1;
  const place = {
    postcode,
    town: `Town ${counts.misses % 900}`,
    lat: 51.2,
    lon: 10.4,
    streets: 12,
  };
  places.set(postcode, place);
  return place;
}

await pacing.pace(LOOKUPS_PER_SECOND, (n) => {
  find(n % 8 === 0 ? `R${(n / 8) % REGULARS}` : `${n.toString(36).toUpperCase()}`);
});
