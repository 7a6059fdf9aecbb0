/**
 * Actors of a warehouse wait for their next order, but no longer than a while, then look after their
 * battery. The take that lost against the clock stays among those who wait at the mailbox; orders come
 * more seldom than battery checks, so ever more of them wait.
 */

import pTimeout, { TimeoutError } from 'p-timeout';
import pacing from '../../support/pace.js';

const ACTORS = 6;
const PATIENCE_MS = 80;
const ORDERS_PER_SECOND = 5;

class Mailbox {
  #orders = [];
  #takers = [];

  put(order) {
    const taker = this.#takers.shift();
    if (taker) taker(order);
    else this.#orders.push(order);
  }

  take() {
    if (this.#orders.length > 0) return Promise.resolve(this.#orders.shift());
    return new Promise((resolve) => {
      this.#takers.push(resolve);
    });
  }
}

class Actor {
  battery = 100;
  trips = [];

  constructor(name, mailbox) {
    this.name = name;
    this.mailbox = mailbox;
  }

  async *orders() {
    for (;;) {
      try {
        yield await pTimeout(this.mailbox.take(), { milliseconds: PATIENCE_MS });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        this.checkBattery();
      }
    }
  }

  checkBattery() {
    this.battery = this.battery < 20 ? 100 : this.battery - 0.5;
  }

  async work() {
    for await (const order of this.orders()) {
      this.trips = [...this.trips, order.shelf].slice(-10);
    }
  }
}

const mailbox = new Mailbox();
for (let n = 0; n < ACTORS; n += 1) new Actor(`agv-${n}`, mailbox).work();

await pacing.pace(ORDERS_PER_SECOND, (n) => mailbox.put({ order: n, shelf: `S${n % 40}` }));
process.exit(0);
