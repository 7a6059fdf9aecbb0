'use strict';

/** Parcels as state machines: each goes from shelf to door within a second or so, some come back once, and who is through is struck off. */

const StateMachine = require('javascript-state-machine');
const { pace } = require('../../support/pace');

const Parcel = StateMachine.factory({
  init: 'ordered',
  data(number) {
    return { number, history: [], attempts: 0 };
  },
  transitions: [
    { name: 'pack', from: 'ordered', to: 'packed' },
    { name: 'load', from: ['packed', 'returned'], to: 'loaded' },
    { name: 'deliver', from: 'loaded', to: 'delivered' },
    { name: 'refuse', from: 'loaded', to: 'returned' },
    { name: 'scrap', from: 'returned', to: 'scrapped' },
  ],
  methods: {
    onTransition(lifecycle) {
      this.history.push({ ...lifecycle, at: Date.now() });
    },
    onRefuse() {
      this.attempts += 1;
    },
    onInvalidTransition(transition, from) {
      throw new RangeError(`cannot ${transition} a parcel that is ${from}`);
    },
  },
});

class Depot {
  constructor() {
    this.parcels = new Map();
    this.through = { delivered: 0, scrapped: 0, confused: 0 };
  }

  accept(number) {
    const parcel = new Parcel(number);
    this.parcels.set(number, parcel);
    this.later(parcel, 'pack');
  }

  later(parcel, step) {
    const ms = 120 + ((parcel.number * 53 + parcel.history.length * 31) % 200);
    setTimeout(() => this.take(parcel, step), ms);
  }

  take(parcel, step) {
    try {
      // Now and then a scanner reads the wrong code.
      if (parcel.number % 23 === 0 && step === 'load') parcel.deliver();
      parcel[step]();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.through.confused += 1;
      this.parcels.delete(parcel.number);
      return;
    }
    this.next(parcel);
  }

  next(parcel) {
    if (parcel.is('packed')) this.later(parcel, 'load');
    else if (parcel.is('loaded')) {
      this.later(parcel, parcel.number % 6 < parcel.attempts + 5 ? 'deliver' : 'refuse');
    } else if (parcel.is('returned')) this.later(parcel, parcel.attempts > 1 ? 'scrap' : 'load');
    else {
      this.through[parcel.state] += 1;
      this.parcels.delete(parcel.number);
    }
  }
}

const depot = new Depot();
pace(60, (n) => depot.accept(n));
