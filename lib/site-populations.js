'use strict';

/**
 * Populations without an owner: live timers, open handles, one population for each line that makes them.
 *
 * Every made thing that was looked at is in one pool, held weakly, until it is asked and found
 * done. A pool that stays full is thinned by halves, each of the rest standing for twice as many,
 * so the pool is bounded and the counts stay unbiased; below that they are exact.
 *
 * Some things cannot be asked, only found collected. Until then nobody knows whether they live or
 * wait for the collector, so they count from their second full collection on: the first may have
 * begun before they were made.
 *
 * Most things are made for a moment (a server's sockets, a request's timeout), so the ledger is told
 * of a birth only when the thing is mature; and where none of a kind outlasts a tick, it does not
 * matter who makes them, so that those which stand for others are spared the stack.
 */

const { random } = require('./clock');
const { thin } = require('./sampler');

/** Datadog's .NET profiler found 1,024 live weak handles too few and 4,096 enough. */
const MAX_POOL = 4096;
/** That a thing must have outlived before its being there says anything. */
const COLLECTIONS_FOR_PROOF = 2;

/** What cannot be asked lives as long as it can be found. Whoever made this in a scope with it would hold it. */
const isUncollected = () => true;

/**
 * @typedef {object} Made
 * @property {WeakRef<object>} ref
 * @property {(target: any) => boolean} isLive
 * @property {number} countsFrom  full collections by which it counts
 * @property {Group} group
 * @property {number} weight      things that this one stands for
 * @property {number} toldFrom    tick by which the ledger is told of its birth
 * @property {boolean} told       whether it was
 */

/** What one line has made of one kind. */
class Group {
  /**
   * @param {string} what
   * @param {number} site
   * @param {number} floor
   */
  constructor(what, site, floor) {
    this.what = what;
    this.site = site;
    this.floor = floor;
    this.slot = -1;
    this.live = 0;
    /** In the pool, whether they count or not. */
    this.pooled = 0;
    /** Whether the ledger knows of any. */
    this.known = false;
    /** Births and deaths that the ledger has not been told of. */
    this.born = 0;
    this.died = 0;
    /** Whether some have ended before they were mature, and whether the ledger knows. */
    this.passing = false;
    this.knownToPass = false;
  }

  evicted() {}
}

class SitePopulations {
  /**
   * @param {object} parts
   * @param {string} parts.kind
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./call-site').CallSites | null} parts.sites
   * @param {boolean} [parts.named]  whether what they are is their name, for lack of an owner's
   */
  constructor({ kind, slots, sites, named = false }) {
    this.kind = kind;
    this.named = named;
    this.slots = slots;
    this.sites = sites;
    this.ticks = 0;
    /** @type {Made[]} */
    this.pool = [];
    /** @type {Map<string, Group>} by what and site */
    this.groups = new Map();
    /** What some of have outlasted a tick. @type {Set<string>} */
    this.lasting = new Set();
    /** Things that each addition stands for since the pool was last thinned. */
    this.share = 1;
    /** Full collections so far, as far as they were noticed. */
    this.collections = 0;
  }

  /**
   * @param {object} target
   * @param {object} about
   * @param {string} about.what
   * @param {number} about.floor
   * @param {Made['isLive'] | null} about.isLive  null: it cannot be asked
   * @param {boolean} [about.mayBeGarbage]  whether its being live says nothing before it has outlived
   *   full collections
   * @param {number} about.weight
   * @param {import('./run').Below} [about.below]  where the caller who made it is not known yet
   * @param {number} [about.site]     in its place, where the caller is known already
   * @returns {number} the site; 0 when it is not known
   */
  made(
    target,
    { what, floor, isLive, mayBeGarbage = isLive === null, weight, below, site: known },
  ) {
    if (this.pool.length >= MAX_POOL) this.#makeRoom();
    if (this.share > 1 && random() * this.share >= 1) return 0;
    const site = known ?? (below === undefined ? 0 : this.#capture(what, weight, below));
    const key = `${what}:${site}`;
    let group = this.groups.get(key);
    if (group === undefined) {
      group = new Group(what, site, floor);
      this.groups.set(key, group);
    }
    this.pool.push({
      ref: new WeakRef(target),
      isLive: isLive ?? isUncollected,
      countsFrom: mayBeGarbage ? this.collections + COLLECTIONS_FOR_PROOF : 0,
      group,
      weight: weight * this.share,
      toldFrom: this.ticks + this.slots.matureTicks,
      told: false,
    });
    return site;
  }

  /**
   * @param {string} what
   * @param {number} weight
   * @param {import('./run').Below} below
   */
  #capture(what, weight, below) {
    if (this.sites === null || (weight > 1 && !this.lasting.has(what))) return 0;
    return this.sites.capture(below);
  }

  /**
   * Asks every live thing, tells the ledger what has changed, and forgets idle groups.
   * @param {number} collections  full collections so far
   */
  tick(collections) {
    this.collections = collections;
    this.ticks += 1;
    this.#sweep();
    if (this.pool.length < MAX_POOL / 4) this.share = 1;
    for (const [key, group] of this.groups) {
      if (this.#settle(group)) this.groups.delete(key);
    }
  }

  /** A report now: of whom nothing is known, whatever lives is told of, so that a short run has its sites. */
  observe() {
    this.#sweep({ isReport: true });
    for (const group of this.groups.values()) this.#settle(group);
  }

  /** @returns {Uint32Array} the site ids that groups refer to */
  sitesInUse() {
    return Uint32Array.from(this.groups.values(), ({ site }) => site);
  }

  /** @param {{ isReport?: boolean }} [options] */
  #sweep({ isReport = false } = {}) {
    for (const group of this.groups.values()) {
      group.live = 0;
      group.pooled = 0;
    }
    this.lasting.clear();
    const madeBefore = this.ticks - 1 + this.slots.matureTicks;
    this.pool = this.pool.filter((made) => {
      const { ref, isLive, countsFrom, group, weight } = made;
      const target = ref.deref();
      if (target === undefined || !isLive(target)) {
        if (made.told) group.died += weight;
        else group.passing = true;
        return false;
      }
      const isDue = made.toldFrom <= this.ticks || (isReport && !group.known);
      if (!made.told && isDue) {
        made.told = true;
        group.born += weight;
      }
      if (made.toldFrom < madeBefore) this.lasting.add(group.what);
      group.pooled += 1;
      if (this.collections >= countsFrom) group.live += weight;
      return true;
    });
  }

  #makeRoom() {
    this.#sweep();
    if (this.pool.length < MAX_POOL / 2) return;
    this.pool = thin(this.pool);
    this.share *= 2;
  }

  /**
   * @param {Group} group
   * @returns {boolean} whether it can be forgotten
   */
  #settle(group) {
    const { slots } = this;
    const level = group.live;
    if (group.slot < 0) {
      // Early, so that its history is there when it reaches the floor.
      if (level < group.floor / 4) return group.pooled === 0;
      const { what, floor } = group;
      const owner = this.named ? what : '';
      if (!slots.claim(group, { kind: this.kind, what, owner, floor, level })) return false;
      group.knownToPass = false;
    } else if (level < group.floor / 8) {
      slots.release(group);
      return group.pooled === 0;
    }
    slots.levels[group.slot] = level;
    if (group.passing && !group.knownToPass) slots.engine.samplePassed(group.slot);
    group.knownToPass = group.passing;
    if (group.born > 0) group.known = true;
    if (group.born > 0) slots.engine.sampleBorn(group.slot, group.site, group.born);
    if (group.died > 0) slots.engine.sampleDied(group.slot, group.site, group.died);
    group.born = 0;
    group.died = 0;
    return false;
  }
}

exports.SitePopulations = SitePopulations;
exports.isUncollected = isUncollected;
