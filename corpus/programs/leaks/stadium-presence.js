'use strict';

/**
 * Who is in the stadium's chat stands in an object of the global scope, by id, and is marked as offline on
 * leaving. Members come again and again; after a third of the time guests may come in too, who do not.
 */

const { pace } = require('../../support/pace');

const ARRIVALS_PER_SECOND = 120;
const MEMBERS = 150;
const STAY_MS = 600;
const GUESTS_FROM = 1 / 3;

global.presence = {};

function come(id, block) {
  global.presence[id] = { id, block, online: true, lastSeen: Date.now() };
}

function leave(id) {
  const entry = global.presence[id];
  // Deleting makes the object slow.
  entry.online = false;
  entry.lastSeen = Date.now();
}

async function main() {
  let arrivals = 0;
  const seats = { taken: 0 };
  await pace(
    (share) => {
      seats.open = share >= GUESTS_FROM;
      return ARRIVALS_PER_SECOND;
    },
    (n) => {
      const id = seats.open && n % 3 !== 0 ? `guest-${n}` : `member-${n % MEMBERS}`;
      come(id, `block ${n % 12}`);
      seats.taken += 1;
      setTimeout(() => {
        leave(id);
        seats.taken -= 1;
      }, STAY_MS);
      arrivals += 1;
    },
  );
  process.exit(arrivals > 0 ? 0 : 1);
}

main();
