'use strict';

/**
 * Who holds what leaks: when a leak is confirmed, a heap snapshot finds the way to the Map, the emitter or
 * the watched object that grows, and the finding gets it as evidence. A snapshot stops the process for a
 * while, so there are as many a day as the host allows, one at a time, and none where memory is short.
 */

const { epochMs } = require('./clock');
const { isObject } = require('./holding');

const DAY_MS = 24 * 60 * 60 * 1000;
/** Steps that a reader takes in; the last ones say most. */
const MAX_STEPS = 12;

/** @typedef {import('..').Finding} Finding */

class Holders {
  /**
   * @param {object} parts
   * @param {number} parts.perDay  snapshots
   * @param {import('./slots').Slots} parts.slots
   * @param {(text: string) => void} parts.note
   */
  constructor({ perDay, slots, note }) {
    this.perDay = perDay;
    this.slots = slots;
    this.note = note;
    /** Epoch ms of the snapshots of the last day. @type {number[]} */
    this.taken = [];
    this.looking = false;
  }

  /**
   * Begins to look for what holds a leak, when there is one more snapshot to be had today.
   * @param {Finding} finding
   */
  find({ signature }) {
    const target = this.#targetOf(signature);
    if (this.looking || target === null || !this.#mayTake()) return;
    this.#find(signature, target).catch((error) => {
      this.note(`captures: who holds a leak was not found: ${error.message}`);
    });
  }

  /**
   * As somebody asks for it, whatever the day has seen.
   * @param {Finding} finding
   * @returns {Promise<string | null>} null for what no single object stands for, such as a heap
   * @throws {Error} where memory is short
   */
  async findNow({ signature }) {
    const target = this.#targetOf(signature);
    return target === null ? null : this.#find(signature, target);
  }

  /**
   * @param {string} signature
   * @returns {object | null}
   */
  #targetOf(signature) {
    const { engine, holders } = this.slots;
    const holder = /** @type {{ target?: () => unknown } | undefined} */ (
      holders[engine.largestSubject(signature)]
    );
    const target = holder?.target?.();
    return isObject(target) ? target : null;
  }

  /**
   * @param {string} signature
   * @param {object} target
   */
  async #find(signature, target) {
    this.looking = true;
    try {
      const held = `held by ${await this.#wayTo(target)}`;
      this.slots.engine.setHeld(signature, held);
      return held;
    } finally {
      this.looking = false;
    }
  }

  #mayTake() {
    const now = epochMs();
    this.taken = this.taken.filter((at) => now - at < DAY_MS);
    if (this.taken.length >= this.perDay) return false;
    this.taken.push(now);
    return true;
  }

  /** @param {object} target */
  async #wayTo(target) {
    const { retainersOf } = require('./heap');
    const steps = await retainersOf(target);
    const words = steps.map(({ by, class: name, name: called }) =>
      `${by} ${name} ${called}`.trim(),
    );
    const shown = words.slice(-MAX_STEPS);
    return `${words.length > shown.length ? '… > ' : ''}${shown.join(' > ')}`;
  }
}

exports.Holders = Holders;
