'use strict';

/**
 * What came before what: one count for marks, for registrations, and for the making of the objects
 * that are registered on.
 *
 * A listener on an emitter that a test has made itself is nothing left behind, however long a variable
 * keeps both; one on an emitter that was there before is. So the objects that can be registered on are
 * noted when they are made. The note is a private field, put on the object from outside (a constructor
 * that returns what it is given), which nothing can see, copy or compare: no property, no WeakMap, and
 * nothing kept alive.
 */

const { isObject } = require('./holding');

let last = 0;

/** @returns {number} greater than that of everything so far */
const nextOrdinal = () => (last += 1);

class Given {
  /** @param {object} object */
  constructor(object) {
    // biome-ignore lint/correctness/noConstructorReturn: the private field below lands on this object
    return object;
  }
}

class Birth extends Given {
  #ordinal = last;

  /** @param {unknown} object  anything else is passed over */
  static note(object) {
    if (isObject(object) && !(#ordinal in object)) new Birth(object);
  }

  /** @param {object} object */
  static of(object) {
    return #ordinal in object ? /** @type {Birth} */ (object).#ordinal : 0;
  }
}

/** Whether an object was there before something is asked by comparing ordinals; 0: nobody saw it made. */
const birthOf = Birth.of;
/** Notes that an object is being made, once. */
const noteBirth = Birth.note;

/** What is still there so long after it was first seen to be is no straggler: goleak waits as long. */
const GRACE_MS = 430;

/**
 * @param {number} seenAt  ms, monotonic
 * @param {number} at      now
 */
const isFresh = (seenAt, at) => at - seenAt < GRACE_MS;

exports.GRACE_MS = GRACE_MS;
exports.isFresh = isFresh;
exports.birthOf = birthOf;
exports.nextOrdinal = nextOrdinal;
exports.noteBirth = noteBirth;
