'use strict';

/**
 * Pending promises by the line that makes them, from samples. Opt-in: V8 offers no way to see a
 * promise but a hook on all of them. An await-heavy loop is 1.6-1.9 times slower while it is on, and
 * promises stay up to 40 % slower in a process where it once was, so it is on only until a few have
 * been caught after each tick, and not at all unless asked.
 *
 * The hook runs inside the creating call, so the stack shows who calls the async function, `then` or
 * `new Promise`. What is caught is held weakly. Whether it still pends is read from `util.inspect`,
 * the only public window on a promise's state that does not subscribe to it: a `then` of ours would
 * change what the host sees of unhandled rejections. Garbage pends too until it is collected, so a
 * promise counts from its second full collection on.
 */

const { inspect } = require('node:util');
const { promiseHooks } = require('node:v8');
const { now } = require('./clock');
const { SitePopulations } = require('./site-populations');

/** Promises caught after each tick, at 3-5 us each with their stack. */
const CAUGHT_PER_TICK = 32;
/** Promises that one caught one may stand for: past it a burst would be taken for a rate. */
const MAX_WEIGHT = 128;
/** A promise is asked at one of so many ticks, at 2 us each. */
const ASKED_ONE_IN = 8;
/** Its value, if it has one, is not looked into. */
const INSPECT_OPTIONS = {
  depth: 0,
  customInspect: false,
  getters: false,
  colors: false,
  breakLength: Number.POSITIVE_INFINITY,
};
/** What comes behind it are Node's own marks on a promise, such as its async id. */
const PENDING = 'Promise { <pending>';

const { ownKeys, getPrototypeOf } = Reflect;
const { prototype } = Promise;

/**
 * Subclasses and promises with properties would have inspect read the host's: they are not caught.
 * Node's marks are under symbols. What inspect then still reads of the host is the `Symbol.toStringTag`
 * of a value that a promise was settled with.
 * @param {object} promise
 */
const isBare = (promise) =>
  getPrototypeOf(promise) === prototype && ownKeys(promise).every((key) => typeof key === 'symbol');

/** @param {object} promise */
const isPending = (promise) =>
  !isBare(promise) || inspect(promise, INSPECT_OPTIONS).startsWith(PENDING);

class Promises {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./call-site').CallSites | null} parts.sites
   * @param {number} parts.floor
   * @param {number} parts.intervalMs
   * @param {(action: () => void) => void} parts.alone  runs our code with the hooks looking away
   * @param {(message: string) => void} parts.warn
   */
  constructor({ slots, sites, floor, intervalMs, alone, warn }) {
    this.sites = sites;
    this.floor = floor;
    this.intervalMs = intervalMs;
    this.alone = alone;
    this.warn = warn;
    this.populations = new SitePopulations({ kind: 'promises', slots, sites });
    this.isOpen = false;
    this.ticks = 0;
    /** Caught since the last tick. @type {{ ref: WeakRef<object>, site: number }[]} */
    this.caught = [];
    this.openedAt = 0;
    /** How long the hook was on before it had caught enough, in ms. */
    this.windowMs = 0;
    /** @type {(() => void) | null} */
    this.unhook = null;
    /** @param {object} promise */
    this.hook = (promise) => this.alone(() => this.#catch(promise));
  }

  /** Catches promises from the next tick on. */
  open() {
    this.isOpen = true;
  }

  /** Those caught before are followed on. */
  close() {
    this.isOpen = false;
    this.#endWindow();
    this.caught = [];
  }

  /** @param {number} collections  full collections so far */
  tick(collections) {
    this.ticks += 1;
    this.#endWindow();
    this.#follow();
    this.populations.tick(collections);
    if (!this.isOpen) return;
    this.openedAt = now();
    this.unhook = /** @type {() => void} */ (/** @type {any} */ (promiseHooks.onInit(this.hook)));
  }

  observe() {
    this.populations.observe();
  }

  /** @returns {Uint32Array} */
  sitesInUse() {
    return this.populations.sitesInUse();
  }

  /** @param {object} promise */
  #catch(promise) {
    if (this.unhook === null) return;
    try {
      // Not yet a subclass's instance as far as its constructor has run, but its prototype is set.
      if (!isBare(promise)) return;
      const site = this.sites === null ? 0 : this.sites.capture(this.hook, true);
      // Node's own are made for something that the host has made, and end with it.
      if (site === 0 && this.sites !== null) return;
      this.caught.push({ ref: new WeakRef(promise), site });
      if (this.caught.length >= CAUGHT_PER_TICK) this.#endWindow();
    } catch (error) {
      this.close();
      this.warn(`pending promises are not followed any more: ${error}`);
    }
  }

  #endWindow() {
    if (this.unhook === null) return;
    this.unhook();
    this.unhook = null;
    this.windowMs = now() - this.openedAt;
  }

  /** Puts those that were caught, and still pend, among the populations. */
  #follow() {
    const isFull = this.caught.length >= CAUGHT_PER_TICK;
    const share = isFull ? this.intervalMs / Math.max(this.windowMs, Number.EPSILON) : 1;
    const weight = Math.min(Math.max(Math.round(share), 1), MAX_WEIGHT);
    for (const [index, { ref, site }] of this.caught.entries()) {
      const promise = ref.deref();
      if (promise === undefined || !isPending(promise)) continue;
      const turn = index % ASKED_ONE_IN;
      this.populations.made(promise, {
        what: 'promise',
        floor: this.floor,
        isLive: (target) => this.ticks % ASKED_ONE_IN !== turn || isPending(target),
        mayBeGarbage: true,
        weight,
        site,
      });
    }
    this.caught = [];
  }
}

exports.Promises = Promises;
