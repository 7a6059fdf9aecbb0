/** Auctions over emittery: waiting for a lot's first bid steps through an iterator that is never returned. */

import Emittery from 'emittery';
import pacing from '../../support/pace.js';

const LOTS_PER_SECOND = 20;
const OPEN_MS = 120;

const auction = new Emittery();
const openLots = new Map();

async function firstBid(lot) {
  const bids = auction.events('bid');
  for (;;) {
    const { value: bid } = await bids.next();
    if (bid.lot === lot.id) return bid;
  }
}

async function sell(lot) {
  openLots.set(lot.id, lot);
  const bid = await firstBid(lot);
  lot.leader = bid.bidder;
  openLots.delete(lot.id);
}

await pacing.pace(LOTS_PER_SECOND, (n) => {
  const lot = { id: n, title: `Lot ${n}`, reserve: 10 + (n % 90), leader: undefined };
  sell(lot);
  setTimeout(() => {
    auction.emit('bid', { lot: n, bidder: `bidder-${n % 40}`, amount: lot.reserve + 5 });
  }, OPEN_MS);
});
process.exit(0);
