'use strict';

/** A graph API: loaders of dataloader per request, as its README has it, over a small database. */

const DataLoader = require('dataloader');
const { pace } = require('../../support/pace');

const users = new Map(
  Array.from({ length: 2_000 }, (_, id) => [
    id,
    { id, name: `User ${id}`, friends: [id % 50, id % 90] },
  ]),
);

function createLoaders() {
  const byId = new DataLoader(async (ids) => {
    await new Promise((resolve) => setTimeout(resolve, 3));
    return ids.map((id) => users.get(id) ?? null);
  });
  return { byId };
}

async function resolveFriends(id) {
  const { byId } = createLoaders();
  const user = await byId.load(id);
  const friends = await byId.loadMany(user.friends);
  const theirs = await byId.loadMany(friends.flatMap((friend) => friend.friends));
  return { user, friends, theirs };
}

async function main() {
  const open = new Set();
  await pace(200, (n) => {
    const answer = resolveFriends(n % users.size).finally(() => open.delete(answer));
    open.add(answer);
  });
  await Promise.all(open);
}

main();
