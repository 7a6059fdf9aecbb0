'use strict';

/**
 * Populations that have an owner: the listeners of an event on an emitter, the entries of a Map,
 * the target of a `watch()`. One record each, from the threshold on, in one slot of the ledger.
 *
 * A size is never counted by hooks: it is asked of the owner at every tick, over a WeakRef, so that
 * what bypasses a hook (`_events` written directly, `map.clear()`) is right all the same.
 *
 * Who adds is learnt from samples: a member caught while it was added, with its call site. At later
 * ticks the owner is asked whether the member is still there. That yields both the sites of those
 * that stay (not of those that merely add most often) and the survival signal of the verdict.
 * Members that are objects are held weakly; short primitives by value, longer ones not at all.
 */

const { random } = require('./clock');
const { isHoldable, isObject } = require('./holding');
const { TICKS_AT_ONCE, thin } = require('./sampler');
const { MAX_LEVEL } = require('./slots');

/** All records together: two for each slot of the default ledger. */
const MAX_SAMPLES_TOTAL = 8192;
/** Looks granted for the rest of the tick when something grows and nobody has been caught adding. */
const HUNGRY_ATTENTION = 4096;
const HUNGRY_SAMPLES = 8;
/** A growing population of up to this size is asked after its samples at every tick. */
const ASKED_EACH_TICK = 4096;
/** Records whose samples are asked again at a tick though they did not grow: one in so many. */
const RECHECK_ONE_IN = 32;

/**
 * What a shim knows of its population, and all it tells.
 * @typedef {object} Population
 * @property {string} kind
 * @property {boolean} [isHooked]  whether each addition is seen by a hook; all are but what `watch()` follows
 * @property {() => { floor: number, threshold: number }} limits  below the floor nothing is reported,
 *   below the threshold nothing is tracked
 * @property {import('./sampler').Sampler} sampler
 * @property {(owner: any, detail: any) => { what: string, owner: string }} describe
 * @property {(owner: any, detail: any) => number} size  must not run the host's code
 * @property {(owner: any, detail: any, members: readonly unknown[]) => readonly boolean[]} contains
 *   whether each is still a member
 */

/**
 * @typedef {object} Sample
 * @property {WeakRef<object> | null} ref
 * @property {unknown} value     the member itself, if it is a short primitive
 * @property {boolean} kept      false: too long to keep; it counts as living until the size falls below `size`
 * @property {number} size       of the population when the member was added
 * @property {number} site
 * @property {number} weight     additions that it stands for
 * @property {number} toldFrom   tick by which the ledger is told of its birth
 * @property {boolean} told      whether it was
 */

class Record {
  /**
   * @param {Population} population
   * @param {WeakRef<object> | (() => unknown)} owner  a watched function is kept, all else is not
   * @param {unknown} detail
   * @param {Tracked} tracked
   */
  constructor(population, owner, detail, tracked) {
    this.population = population;
    this.owner = owner;
    this.detail = detail;
    this.tracked = tracked;
    this.slot = -1;
    this.size = 0;
    /** Named by the host, so it stays however small it is. */
    this.watched = false;
    this.label = '';
    /** @type {Sample[]} */
    this.samples = [];
    /** Whether the ledger knows of anybody who adds. */
    this.known = false;
    /** Whether it knows that some end before they are mature. */
    this.passing = false;
    /** Looks that one sample stands for since the samples were last thinned. */
    this.share = 1;
  }

  /** @returns {any} undefined once it has been collected */
  target() {
    return typeof this.owner === 'function' ? this.owner : this.owner.deref();
  }

  evicted() {
    this.tracked.forget(this);
  }

  release() {
    this.tracked.release(this);
  }
}

class Tracked {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./call-site').CallSites | null} parts.sites  null: no stacks at this level
   * @param {number} parts.capturesPerTick
   * @param {number} parts.samplesPerRecord  past it they are thinned
   * @param {(message: string) => void} parts.warn  told of a size that cannot be read
   */
  constructor({ slots, sites, capturesPerTick, samplesPerRecord, warn }) {
    this.slots = slots;
    this.sites = sites;
    this.capturesPerTick = capturesPerTick;
    this.capturesLeft = capturesPerTick * TICKS_AT_ONCE;
    this.samplesPerRecord = samplesPerRecord;
    this.warn = warn;
    /** @type {Set<Record>} */
    this.records = new Set();
    /** @type {WeakMap<object, Map<unknown, Record>>} */
    this.byOwner = new WeakMap();
    this.sampleCount = 0;
    this.ticks = 0;
  }

  /**
   * A member was added to a population at or over its threshold.
   * @param {Population} population
   * @param {object} owner
   * @param {unknown} detail  tells populations of one owner apart
   * @param {unknown} member
   * @param {number} weight   additions that this one stands for
   * @param {Function | NodeJS.CallSite[]} below  the patched function, whose caller adds, or the stack above it
   * @param {number} [known]  its site, where it has been captured already
   */
  added(population, owner, detail, member, weight, below, known) {
    const record = this.byOwner.get(owner)?.get(detail) ?? this.#create(population, owner, detail);
    if (record === undefined || this.sites === null || !this.#makesRoom(record)) return;
    this.capturesLeft -= 1;
    const site = known ?? this.sites.capture(below);
    const kept = isHoldable(member);
    record.samples.push({
      ref: isObject(member) ? new WeakRef(member) : null,
      value: isObject(member) || !kept ? undefined : member,
      kept,
      size: population.size(owner, detail),
      site,
      weight: weight * record.share,
      toldFrom: this.ticks + this.slots.matureTicks,
      told: false,
    });
    this.sampleCount += 1;
  }

  /**
   * Follows a target by name from now on, whatever its size.
   * @param {Population} population
   * @param {object | (() => unknown)} target
   * @param {string} name
   * @param {number} floor
   * @returns {Record | undefined} undefined when the ledger is full
   */
  watch(population, target, name, floor) {
    const known = this.byOwner.get(target)?.get(undefined);
    if (known !== undefined) this.release(known);
    const owner =
      typeof target === 'function' ? /** @type {() => unknown} */ (target) : new WeakRef(target);
    const { what } = population.describe(target, undefined);
    const record = this.#place(new Record(population, owner, undefined, this), target, {
      kind: population.kind,
      what,
      owner: name,
      floor,
      level: Math.min(population.size(target, undefined), MAX_LEVEL),
    });
    if (record !== undefined) record.watched = true;
    return record;
  }

  /**
   * @param {object} owner
   * @returns {boolean} whether it is followed by name
   */
  isNamed(owner) {
    return this.nameOf(owner) !== undefined;
  }

  /**
   * @param {object} owner
   * @returns {string | undefined} under which it is followed
   */
  nameOf(owner) {
    const record = this.byOwner.get(owner)?.get(undefined);
    return record?.watched === true ? record.label : undefined;
  }

  /** @param {Record} record */
  release(record) {
    this.slots.release(record);
    this.forget(record);
  }

  /**
   * Drops a record whose slot is gone.
   * @param {Record} record
   */
  forget(record) {
    if (!this.records.delete(record)) return;
    this.sampleCount -= record.samples.length;
    record.samples = [];
    const target = record.target();
    if (target !== undefined) this.byOwner.get(target)?.delete(record.detail);
  }

  /** Reads every size into the levels and asks after the samples. */
  tick() {
    this.ticks += 1;
    this.capturesLeft = this.capturesPerTick;
    for (const record of this.records) {
      const target = this.#measure(record);
      if (target === undefined) continue;
      const size = this.slots.levels[record.slot];
      const { population } = record;
      if (!record.watched && size < population.limits().threshold / 2) {
        this.release(record);
        continue;
      }
      const grew = size > record.size;
      record.size = size;
      if (grew && record.samples.length < HUNGRY_SAMPLES) {
        population.sampler.grant(HUNGRY_ATTENTION);
      }
      // Asking takes time in proportion to the size.
      const every = grew ? Math.ceil(size / ASKED_EACH_TICK) : RECHECK_ONE_IN;
      if ((this.ticks + record.slot) % every === 0) {
        this.#askAfterSamples(record, target, this.ticks);
      }
    }
  }

  /** A report now: sizes as they are, and where nobody is known to add, whoever was seen to. */
  observe() {
    for (const record of this.records) {
      const target = this.#measure(record);
      if (target === undefined || record.known) continue;
      this.#askAfterSamples(record, target, Number.MAX_SAFE_INTEGER);
    }
  }

  /** @returns {Uint32Array} the site ids that samples refer to */
  sitesInUse() {
    const ids = new Set();
    for (const record of this.records) for (const { site } of record.samples) ids.add(site);
    return Uint32Array.from(ids);
  }

  /**
   * @param {Record} record
   * @returns {any} its owner; undefined once that is gone or cannot be read, and the record with it
   */
  #measure(record) {
    const target = record.target();
    if (target !== undefined) {
      try {
        const size = record.population.size(target, record.detail);
        this.slots.levels[record.slot] = Math.min(size, MAX_LEVEL);
        return target;
      } catch (error) {
        this.warn(`the size of ${record.label} cannot be read, its watch has ended: ${error}`);
      }
    }
    this.release(record);
    return undefined;
  }

  /** @param {Record} record */
  #makesRoom(record) {
    if (this.capturesLeft <= 0 || random() * record.share >= 1) return false;
    if (record.samples.length >= this.samplesPerRecord) {
      this.sampleCount -= record.samples.length;
      record.samples = thin(record.samples);
      this.sampleCount += record.samples.length;
      record.share *= 2;
    }
    // A few for everybody, whatever the large ones hold.
    return this.sampleCount < MAX_SAMPLES_TOTAL || record.samples.length < HUNGRY_SAMPLES;
  }

  /**
   * @param {Population} population
   * @param {object} owner
   * @param {unknown} detail
   */
  #create(population, owner, detail) {
    const level = population.size(owner, detail);
    const { floor, threshold } = population.limits();
    if (level < threshold) return undefined;
    const record = this.#place(new Record(population, new WeakRef(owner), detail, this), owner, {
      kind: population.kind,
      floor,
      level,
      ...population.describe(owner, detail),
    });
    if (record !== undefined) {
      record.size = level;
      population.sampler.grant(HUNGRY_SAMPLES);
    }
    return record;
  }

  /**
   * @param {Record} record
   * @param {object} owner
   * @param {Parameters<import('./slots').Slots['claim']>[1]} subject
   */
  #place(record, owner, subject) {
    if (!this.slots.claim(record, subject)) return undefined;
    record.label = subject.owner;
    this.records.add(record);
    let details = this.byOwner.get(owner);
    if (details === undefined) {
      details = new Map();
      this.byOwner.set(owner, details);
    }
    details.set(record.detail, record);
    return record;
  }

  /**
   * @param {Record} record
   * @param {any} target
   * @param {number} tick  by which births are told
   */
  #askAfterSamples(record, target, tick) {
    const { samples, population, detail, slot } = record;
    if (samples.length === 0) return;
    const { engine, levels } = this.slots;
    const members = samples.map(({ ref, value }) => (ref === null ? value : ref.deref()));
    const present = population.contains(target, detail, members);
    record.samples = samples.filter((sample, index) => {
      const collected = sample.ref !== null && members[index] === undefined;
      const lives = sample.kept ? present[index] && !collected : levels[slot] >= sample.size;
      if (!lives) {
        if (sample.told) engine.sampleDied(slot, sample.site, sample.weight);
        else if (!record.passing) engine.samplePassed(slot);
        record.passing = true;
      } else if (!sample.told && sample.toldFrom <= tick) {
        sample.told = true;
        record.known = true;
        engine.sampleBorn(slot, sample.site, sample.weight);
      }
      return lives;
    });
    this.sampleCount -= samples.length - record.samples.length;
  }
}

exports.Record = Record;
exports.Tracked = Tracked;
