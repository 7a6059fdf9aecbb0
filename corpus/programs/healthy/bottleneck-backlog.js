'use strict';

/**
 * Calls to a slow partner through bottleneck: in the first third of the time more come than it
 * takes, then fewer, and the backlog melts.
 */

const Bottleneck = require('bottleneck');
const { pace } = require('../../support/pace');

const PARTNER_PER_SECOND = 200;

const limiter = new Bottleneck({
  maxConcurrent: 50,
  reservoir: PARTNER_PER_SECOND / 4,
  reservoirRefreshAmount: PARTNER_PER_SECOND / 4,
  reservoirRefreshInterval: 250,
});
const open = new Set();

async function callPartner(order) {
  await new Promise((resolve) => setTimeout(resolve, 30));
  return { order, status: 'accepted' };
}

async function main() {
  await pace(
    (share) => (share < 1 / 3 ? 350 : 80),
    (order) => {
      const call = limiter.schedule(() => callPartner(order)).finally(() => open.delete(call));
      open.add(call);
    },
  );
  await Promise.all(open);
  await limiter.disconnect();
}

main();
