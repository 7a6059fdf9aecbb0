'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
exports.TimerWheel = void 0;

/**
 * Checkouts, compiled from TypeScript, that lapse six seconds after they were last used. One interval
 * turns a wheel of 70 slots; until it has come round once, checkouts only come.
 */

const node_crypto_1 = require('node:crypto');
const pace_1 = require('../../support/pace');

const CHECKOUTS_PER_SECOND = 80;
const SLOT_MS = 100;
const SLOTS = 70;
const LAPSE_MS = 6000;
const USE_AFTER_MS = 1500;

const State = Object.freeze({ Open: 0, Paid: 1, Lapsed: 2 });

class TimerWheel {
  constructor(onLapse) {
    this.onLapse = onLapse;
    this.slots = Array.from({ length: SLOTS }, () => new Set());
    this.position = 0;
    this.turning = setInterval(() => this.turn(), SLOT_MS);
  }
  schedule(item) {
    this.remove(item);
    item.slot = (this.position + Math.ceil(LAPSE_MS / SLOT_MS)) % SLOTS;
    this.slots[item.slot].add(item);
  }
  remove(item) {
    if (item.slot !== -1) this.slots[item.slot].delete(item);
    item.slot = -1;
  }
  turn() {
    this.position = (this.position + 1) % SLOTS;
    const due = this.slots[this.position];
    this.slots[this.position] = new Set();
    for (const item of due) {
      item.slot = -1;
      this.onLapse(item);
    }
  }
  stop() {
    clearInterval(this.turning);
  }
}
exports.TimerWheel = TimerWheel;

class Checkouts {
  constructor() {
    this.byToken = new Map();
    this.counts = { [State.Paid]: 0, [State.Lapsed]: 0 };
    this.wheel = new TimerWheel((checkout) => this.end(checkout, State.Lapsed));
  }
  begin(n) {
    const token = node_crypto_1.randomUUID();
    const items = Array.from({ length: 1 + (n % 3) }, (_, item) => ({
      item,
      cents: 100 * item + n,
    }));
    const checkout = { token, items, state: State.Open, slot: -1 };
    this.byToken.set(token, checkout);
    this.wheel.schedule(checkout);
    return token;
  }
  use(token) {
    const checkout = this.byToken.get(token);
    if (checkout !== undefined) this.wheel.schedule(checkout);
  }
  pay(token) {
    const checkout = this.byToken.get(token);
    if (checkout !== undefined) this.end(checkout, State.Paid);
  }
  end(checkout, state) {
    this.wheel.remove(checkout);
    this.byToken.delete(checkout.token);
    checkout.state = state;
    this.counts[state] += 1;
  }
}

async function main() {
  const checkouts = new Checkouts();
  await pace_1.pace(CHECKOUTS_PER_SECOND, (n) => {
    const token = checkouts.begin(n);
    if (n % 4 === 0) setTimeout(() => checkouts.use(token), USE_AFTER_MS);
    if (n % 5 === 0) setTimeout(() => checkouts.pay(token), USE_AFTER_MS * 1.2);
  });
  checkouts.wheel.stop();
  process.exit(checkouts.byToken.size > 0 ? 0 : 1);
}

main();
