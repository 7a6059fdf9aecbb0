/** Support tickets asked after with mingo: what was closed a second and a half ago is dropped, and the board is reckoned anew four times a second. */

import { aggregate, find, Query } from 'mingo';
import pacing from '../../support/pace.js';

const KEEP_MS = 1_500;
const OPEN_MS = 700;

class Tickets {
  #all = [];

  open(ticket) {
    this.#all.push(ticket);
  }

  search(criteria) {
    return find(this.#all, criteria).sort({ urgency: -1, opened: 1 }).limit(20).all();
  }

  close(before) {
    const due = new Query({ state: 'open', opened: { $lt: before } });
    for (const ticket of this.#all) {
      if (due.test(ticket)) Object.assign(ticket, { state: 'closed', closed: Date.now() });
    }
  }

  dropClosed(before) {
    const stale = new Query({ state: 'closed', closed: { $lt: before } });
    this.#all = this.#all.filter((ticket) => !stale.test(ticket));
  }

  board() {
    return aggregate(this.#all, [
      { $unwind: '$tags' },
      {
        $group: {
          _id: { tag: '$tags', state: '$state' },
          count: { $sum: 1 },
          urgency: { $avg: '$urgency' },
        },
      },
      { $sort: { count: -1 } },
      { $limit: 10 },
    ]);
  }
}

const tickets = new Tickets();
const tags = ['login', 'invoice', 'delivery', 'return', 'voucher', 'spam'];
let board = [];

const housekeeping = setInterval(() => {
  tickets.close(Date.now() - OPEN_MS);
  tickets.dropClosed(Date.now() - KEEP_MS);
  board = tickets.board();
}, 250);

await pacing.pace(60, (n) => {
  tickets.open({
    number: n,
    customer: `customer-${(n * 31) % 5_000}`,
    text: `My order ${n} did not arrive. `.repeat(4),
    urgency: (n * 7) % 10,
    state: 'open',
    opened: Date.now(),
    tags: [tags[n % tags.length], tags[(n * 5 + 1) % tags.length]],
  });
  if (n % 6 === 0) tickets.search({ urgency: { $gte: n % 10 }, tags: tags[n % tags.length] });
});
clearInterval(housekeeping);
if (board.length === 0) process.exitCode = 1;
