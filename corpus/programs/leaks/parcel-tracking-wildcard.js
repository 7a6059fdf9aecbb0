'use strict';

/**
 * Parcels report where they are on one emitter with wildcards. Whoever tracks a parcel listens to all
 * that happens to it, and when it is delivered stops listening to its delivery, which is less.
 */

const { EventEmitter2 } = require('eventemitter2');
const { pace } = require('../../support/pace');

const TRACKERS_PER_SECOND = 30;
const STATIONS = ['hub', 'truck', 'depot', 'van'];

const parcels = new EventEmitter2({ wildcard: true, delimiter: '.', maxListeners: 0 });
const counts = { stations: 0, delivered: 0 };

parcels.on('parcel.*.delivered', () => {
  counts.delivered += 1;
});

class Tracking {
  constructor(parcel) {
    this.parcel = parcel;
    this.trail = [];
    this.note = this.note.bind(this);
  }

  start() {
    parcels.on(`parcel.${this.parcel}.*`, this.note);
  }

  note(station) {
    counts.stations += 1;
    this.trail.push({ station, at: Date.now() });
  }

  stop() {
    parcels.off(`parcel.${this.parcel}.delivered`, this.note);
  }
}

function deliver(parcel) {
  const tracking = new Tracking(parcel);
  tracking.start();
  let step = 0;
  const move = () => {
    if (step < STATIONS.length) {
      parcels.emit(`parcel.${parcel}.moved`, STATIONS[step]);
      step += 1;
      setTimeout(move, 20);
      return;
    }
    parcels.emit(`parcel.${parcel}.delivered`, 'door');
    tracking.stop();
  };
  move();
}

pace(TRACKERS_PER_SECOND, (n) => deliver(`P${100_000 + n}`)).then(() => process.exit(0));
