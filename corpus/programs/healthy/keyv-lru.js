'use strict';

/** Profiles through keyv with a time to live, kept in quick-lru as keyv's README has it. */

const { default: Keyv } = require('keyv');
const { default: QuickLRU } = require('quick-lru');
const { pace } = require('../../support/pace');

const profiles = new Keyv({ store: new QuickLRU({ maxSize: 1_000 }), ttl: 2_000 });
const pending = new Set();

async function profile(id) {
  const known = await profiles.get(`user:${id}`);
  if (known !== undefined) return known;
  const fresh = { id, name: `User ${id}`, groups: [id % 10, id % 7] };
  await profiles.set(`user:${id}`, fresh);
  return fresh;
}

async function main() {
  await pace(400, (n) => {
    const asked = profile(n % 4 === 0 ? n : n % 3_000).finally(() => pending.delete(asked));
    pending.add(asked);
  });
  await Promise.all(pending);
}

main();
