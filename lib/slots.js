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

const { loadNative } = require('./native');

/** Levels are 32 bits wide. */
const MAX_LEVEL = 2 ** 32 - 1;
/** Of the patience: what belongs to a request, or to a short visit, is gone by then. */
const MATURE = 0.5;

class Slots {
  /**
   * @param {import('../native/binding').Engine} engine
   * @param {number} capacity
   * @param {number} patience  ticks
   */
  constructor(engine, capacity, patience) {
    this.engine = engine;
    /**
     * The ledger is told of a birth only once its member has lived so many ticks, and of no death of
     * one that it was not told of: what is taken away at once says nothing about what is kept. That
     * there are such it must know (`samplePassed`): where nobody was ever sampled it takes the rises of
     * the level for births and its falls for deaths, and a rush of visitors has no falls.
     */
    this.matureTicks = Math.ceil(patience * MATURE);
    /** Size of each population now, in members (MEMORY_UNIT_BYTES for memory), by slot. */
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

/**
 * @param {number} bytes
 * @returns {number} as a level of memory counts them
 */
function memoryLevel(bytes) {
  return Math.min(Math.round(bytes / loadNative().MEMORY_UNIT_BYTES), MAX_LEVEL);
}

exports.MAX_LEVEL = MAX_LEVEL;
exports.Slots = Slots;
exports.memoryLevel = memoryLevel;
