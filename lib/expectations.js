'use strict';

/**
 * Objects that their owner says should be gone. One that outlives the grace and three full
 * collections after it breaks a contract, and is reported at once: no trend is needed. No collection
 * is ever forced, so where none happens nothing is known, and nothing is said.
 *
 * Objects are held by WeakRef only, and asked at ticks: one that is asked stays until the end of that
 * turn, which no collection sees.
 */

/** LeakCanary waits five seconds: as many ticks at the default interval. */
const GRACE_TICKS = 5;
/** Dart's leak_tracker waits for three; the first may have begun before the object was let go. */
const GRACE_COLLECTIONS = 3;
/** Datadog's .NET profiler found 1,024 live weak handles too few and 4,096 enough. */
const MAX_EXPECTED = 4096;
/** The ledger cuts labels at 96 bytes. */
const MAX_LABEL = 96;

/**
 * @typedef {object} Expectation
 * @property {WeakRef<object>} ref
 * @property {Group} group
 * @property {number} dueTick
 * @property {number} dueCollections
 * @property {boolean} overdue  as of the last tick
 */

/** The objects that one line expects gone under one label. */
class Group {
  /**
   * @param {string} label
   * @param {number} site
   */
  constructor(label, site) {
    this.label = label;
    this.site = site;
    this.slot = -1;
    /** Expected, overdue or not. */
    this.size = 0;
    this.overdue = 0;
    /** Overdue ones that the ledger has been told of. */
    this.told = 0;
  }

  evicted() {
    this.told = 0;
  }
}

class Expectations {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./call-site').CallSites | null} parts.sites
   * @param {(message: string) => void} parts.warn
   */
  constructor({ slots, sites, warn }) {
    this.slots = slots;
    this.sites = sites;
    this.warn = warn;
    /** @type {Expectation[]} */
    this.expected = [];
    /** @type {Map<string, Group>} by site and label */
    this.groups = new Map();
    this.ticks = 0;
    /** Full collections so far, as far as they were noticed. */
    this.collections = 0;
  }

  /**
   * @param {object} object
   * @param {string} label
   * @param {Function} below  whose caller expects it
   */
  expect(object, label, below) {
    if (this.expected.length >= MAX_EXPECTED) this.#sweep();
    if (this.expected.length >= MAX_EXPECTED) {
      this.warn(
        `expectCollected() follows ${MAX_EXPECTED} objects at a time; further ones are not followed until some are gone`,
      );
      return;
    }
    const site = this.sites === null ? 0 : this.sites.capture(below);
    const name = label.slice(0, MAX_LABEL);
    const key = `${site}:${name}`;
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new Group(name, site);
      this.groups.set(key, group);
    }
    group.size += 1;
    this.expected.push({
      ref: new WeakRef(object),
      group,
      dueTick: this.ticks + GRACE_TICKS,
      dueCollections: this.collections + GRACE_COLLECTIONS,
      overdue: false,
    });
  }

  /** @param {number} collections  full collections so far */
  tick(collections) {
    this.ticks += 1;
    this.collections = collections;
    this.#sweep();
    for (const [key, group] of this.groups) {
      this.#settle(group);
      if (group.size === 0) this.groups.delete(key);
    }
  }

  /** @returns {number[]} the site ids that groups refer to */
  sitesInUse() {
    return Array.from(this.groups.values(), ({ site }) => site);
  }

  #sweep() {
    this.expected = this.expected.filter((expectation) => {
      const { ref, group, dueTick, dueCollections, overdue } = expectation;
      if (ref.deref() === undefined) {
        group.size -= 1;
        if (overdue) group.overdue -= 1;
        return false;
      }
      if (!overdue && this.ticks >= dueTick && this.collections >= dueCollections) {
        expectation.overdue = true;
        group.overdue += 1;
      }
      return true;
    });
  }

  /** @param {Group} group */
  #settle(group) {
    const { slots } = this;
    const { label, site, overdue } = group;
    if (overdue === 0) {
      slots.release(group);
      group.told = 0;
      return;
    }
    if (group.slot < 0) {
      const subject = { kind: 'retained', what: 'object', owner: label, floor: 1, level: overdue };
      if (!slots.claim(group, subject)) return;
    }
    slots.levels[group.slot] = overdue;
    const more = overdue - group.told;
    if (more > 0) slots.engine.sampleBorn(group.slot, site, more);
    if (more < 0) slots.engine.sampleDied(group.slot, site, -more);
    group.told = overdue;
  }
}

exports.Expectations = Expectations;
