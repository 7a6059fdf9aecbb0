'use strict';

/**
 * What a service has in use keeps V8's shapes alive over a collection of ours.
 *
 * V8 forgets the shape (hidden class) of objects of which none is there at a full collection, and with
 * it all code that was optimized for that shape. A collection that a timer asks for meets a service
 * between two requests: no request, no response, no stream that belongs to one. Its whole way from the
 * socket to the answer was compiled again after each of our rounds, which cost ten times as much as the
 * collection. So from the tick before a round on some of the emitters that get a listener are kept, with
 * all that they hold, until it is over.
 */

/** Requests of a few kinds in all their parts. */
const ENOUGH = 256;

class InFlight {
  /** How many more are wanted. The hook on `on` asks before it calls `keep`. */
  wanted = 0;
  /** null: none are kept. @type {object[] | null} */
  kept = null;

  get isOpen() {
    return this.kept !== null;
  }

  begin() {
    this.wanted = ENOUGH;
    this.kept = [];
  }

  /** @param {object} emitter */
  keep(emitter) {
    this.wanted -= 1;
    this.kept?.push(emitter);
  }

  end() {
    this.wanted = 0;
    this.kept = null;
  }
}

exports.inFlight = new InFlight();
