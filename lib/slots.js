'use strict';

/**
 * The JavaScript side of the ledger's slots: who holds which, and the levels that one native call
 * per tick reads. The array belongs to JavaScript and is lent to Rust for the length of a call, so
 * no memory is ever shared past it.
 *
 * @typedef {object} Holder
 * @property {number} slot  -1 while it has none
 * @property {() => void} evicted  its slot was given to a larger population
 */

class Slots {
  /**
   * @param {import('../native/binding').Engine} engine
   * @param {number} capacity
   */
  constructor(engine, capacity) {
    this.engine = engine;
    /** Size of each population now, in members (KiB for the heap), by slot. */
    this.levels = new Uint32Array(capacity);
    /** @type {(Holder | undefined)[]} by slot */
    this.holders = new Array(capacity).fill(undefined);
  }

  /**
   * @param {Holder} holder
   * @param {object} subject
   * @param {string} subject.kind
   * @param {string} subject.what
   * @param {string} subject.owner
   * @param {number} subject.floor
   * @param {number} subject.level
   * @param {boolean} [subject.atRounds]  an allocation site, observed at the rounds of the heap's sampler
   * @returns {boolean} false when the table is full of larger ones
   */
  claim(holder, { kind, what, owner, floor, level, atRounds }) {
    const slot = this.engine.claim(kind, what, owner, floor, level, atRounds);
    if (slot < 0) return false;
    const previous = this.holders[slot];
    if (previous !== undefined) {
      previous.slot = -1;
      previous.evicted();
    }
    holder.slot = slot;
    this.holders[slot] = holder;
    this.levels[slot] = level;
    return true;
  }

  /** @param {Holder} holder */
  release(holder) {
    const { slot } = holder;
    if (slot < 0) return;
    this.engine.release(slot);
    this.holders[slot] = undefined;
    this.levels[slot] = 0;
    holder.slot = -1;
  }
}

exports.Slots = Slots;
