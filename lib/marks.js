'use strict';

/**
 * Marks: moments that a report can begin at, and owners of what is registered. The code that a mark
 * runs, and whatever its asynchronous work leads to, registers in the mark's name, so that of tests
 * that run at the same time each gets its own.
 */

const { epochMs } = require('./clock');
const { nextOrdinal } = require('./order');

/** Made with the first mark that runs something: where there is none, no promise pays for it. */
/** @type {import('node:async_hooks').AsyncLocalStorage<Mark> | undefined} */
let storage;
/** @type {Mark | null} */
let standing = null;

class Mark {
  #madeIn;

  /**
   * @param {string} label
   * @param {boolean} owned  whether it is only about what some mark's code registers
   * @param {import('./run').Run} run  in which it was made
   */
  constructor(label, owned, run) {
    this.label = label;
    this.owned = owned;
    /** Epoch ms. */
    this.at = epochMs();
    this.ordinal = nextOrdinal();
    /** Whether what its code has registered is passed over. */
    this.forgotten = false;
    /** What its code may leave. @type {import('./ignore').Rule[]} */
    this.allowed = [];
    /** Of what is followed by name. @type {import('./watch').Sizes} */
    this.sizes = new Map();
    this.#madeIn = new WeakRef(run);
  }

  /**
   * @param {import('./run').Run | null} run
   * @returns {boolean} whether it was made in it
   */
  isOf(run) {
    return run !== null && this.#madeIn.deref() === run;
  }

  /**
   * Runs a function whose registrations, at once or later, are this mark's.
   * @template T
   * @param {(...args: any[]) => T} fn
   * @param {any[]} args
   * @returns {T}
   */
  run(fn, ...args) {
    if (storage === undefined) {
      const { AsyncLocalStorage } = require('node:async_hooks');
      storage = new AsyncLocalStorage();
    }
    return storage.run(this, fn, ...args);
  }

  /** From now on what no mark's `run` leads to is this mark's, until its `end()` or another's `begin()`. */
  begin() {
    standing = this;
  }

  end() {
    if (standing === this) standing = null;
  }

  /** What its code has registered is reported no more: of a test that failed, nobody asks what it left. */
  forget() {
    this.forgotten = true;
  }

  /** Among what is registered in its name it is the label. */
  toJSON() {
    return this.label;
  }
}

/** @returns {Mark | null} in whose name the present code registers */
const currentMark = () => storage?.getStore() ?? standing;

/** No code is any mark's from now on, and no promise pays for it. */
function endAll() {
  standing = null;
  storage?.disable();
}

exports.Mark = Mark;
exports.currentMark = currentMark;
exports.endAll = endAll;
