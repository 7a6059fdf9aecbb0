'use strict';

/**
 * What was registered since the first mark and is still there: listeners, timers, handles and entries,
 * each with its line and with the mark that ran the code. The contract tier rests on it.
 *
 * Exact where `lib/tracked.js` samples, and bounded all the same: what is gone is dropped, and what
 * there is no room for is counted and said. Nothing is kept alive: owners and members are held weakly,
 * and asked again.
 *
 * What does not count:
 * - what is registered on an owner that is younger than the mark it is asked for, as that test has made
 *   the owner itself (`lib/order.js`);
 * - what only takes the place of something: a cache that drops an entry for each one it gets;
 * - what Node or a test runner registers by itself.
 */

const { realpathSync } = require('node:fs');
const path = require('node:path');
const { now, random } = require('./clock');
const { openFiles } = require('./descriptors');
const { isHoldable, isObject, ownValueOf } = require('./holding');
const { GRACE_MS, birthOf, isFresh, nextOrdinal } = require('./order');
const { thin } = require('./sampler');

/** All of them together; some 150 bytes each. */
const MAX_REGISTRATIONS = 65_536;
/** Of one owner; past it they are thinned. */
const MAX_PER_OWNER = 1024;
/** Sizes of one owner, one for each mark under which something was registered on it. */
const MAX_SIZES = 256;
/** What grows by less than this of what it got and still has has dropped others for them. */
const KEPT_SHARE = 0.5;

/** @typedef {import('./tracked').Population} Population */
/** @typedef {import('./marks').Mark} Mark */
/**
 * @typedef {object} Registration
 * @property {WeakRef<object> | null} ref
 * @property {unknown} value   the member itself, if it is a short primitive
 * @property {import('./call-site').Origin | null} origin  null: no stacks at this level
 * @property {boolean} loading  made while a module was loaded
 * @property {Mark | null} mark
 * @property {number} ordinal
 * @property {number} weight   registrations that it stands for
 * @property {number} seenAt   when it was first found there; 0: not yet
 */
/**
 * One line of what is left, as `Engine.reportLeftovers` takes it.
 * @typedef {object} Leftover
 * @property {string} kind
 * @property {string} what
 * @property {string} owner
 * @property {boolean} named  followed by name
 * @property {number} site
 * @property {Mark | null} mark  as JSON its label
 * @property {number} count  bytes, of what the heap's sampler has seen
 * @property {boolean} [allowed]  by the mark's code
 * @property {'fresh' | 'loading' | 'bounded' | 'unreferenced' | 'rounds' | null} doubt
 * @property {number[]} [rounds]  how many each round of a scenario has added
 */

/**
 * What is called once has a wrapper that is new each time, and names the listener itself.
 * @param {object} member
 * @returns {object}
 */
function listenerOf(member) {
  const listener = ownValueOf(member, 'listener');
  return typeof listener === 'function' ? listener : member;
}

/** The registrations on one owner. */
class Owner {
  /**
   * @param {Population} population
   * @param {object} owner
   * @param {unknown} detail
   * @param {number} size  before the first registration
   */
  constructor(population, owner, detail, size) {
    this.population = population;
    this.ref = new WeakRef(owner);
    this.detail = detail;
    this.birth = birthOf(owner);
    /** Sizes before the first registration after each mark, oldest first. */
    this.sizes = [{ ordinal: nextOrdinal(), size }];
    /** @type {Registration[]} */
    this.registrations = [];
    /** Registrations that one stands for since they were last thinned. */
    this.share = 1;
    /** All that there were, gone or not, by the mark that owns them. @type {Map<Mark | null, number>} */
    this.added = new Map();
  }

  /**
   * The marks of whose code's entries a collection has dropped most.
   * @returns {Set<Mark | null>}
   */
  bounded() {
    /** @type {Map<Mark | null, number>} */
    const there = new Map();
    if (this.population.kind === 'collections') {
      for (const { mark, weight } of this.registrations) {
        there.set(mark, (there.get(mark) ?? 0) + weight);
      }
    }
    const few = [...there].filter(
      ([mark, kept]) => kept < (this.added.get(mark) ?? 0) * KEPT_SHARE,
    );
    return new Set(few.map(([mark]) => mark));
  }

  /**
   * @param {number} ordinal  of a mark
   * @returns {boolean} whether nothing was registered since
   */
  isBefore(ordinal) {
    return /** @type {{ ordinal: number }} */ (this.sizes.at(-1)).ordinal < ordinal;
  }

  /**
   * @param {number} ordinal  of a mark
   * @returns {number} the size before the first registration since then
   */
  sizeSince(ordinal) {
    return (this.sizes.find((entry) => entry.ordinal > ordinal) ?? this.sizes[0]).size;
  }
}

/** What has no owner: a timer, a handle, an object that should be gone. */
class Thing {
  /**
   * @param {object} target
   * @param {object} about
   * @param {string} about.kind
   * @param {string} about.what
   * @param {string} [about.owner]
   * @param {(target: any) => boolean} about.isLive
   */
  constructor(target, { kind, what, owner = '', isLive }) {
    this.ref = new WeakRef(target);
    this.subject = { kind, what, owner };
    this.isLive = isLive;
  }
}

/** A file that was opened by path: whoever opens it is given its descriptor later, unseen. */
class OpenedFile {
  /**
   * @param {string} name
   * @param {number | Map<number, string>} descriptor  or the files that were open before, where it is not known yet
   */
  constructor(name, descriptor) {
    this.path = path.resolve(name);
    this.descriptor = typeof descriptor === 'number' ? descriptor : undefined;
    /** Descriptors by which others have opened the same. @type {number[]} */
    this.others = typeof descriptor === 'number' ? [] : this.#descriptorsIn(descriptor);
  }

  /** @param {Map<number, string>} open  paths by descriptor */
  #descriptorsIn(open) {
    const paths = [this.path];
    try {
      paths.push(realpathSync(this.path));
    } catch {
      // Deleted meanwhile.
    }
    return [...open].filter(([, link]) => paths.includes(link)).map(([descriptor]) => descriptor);
  }

  /**
   * @param {Map<number, string>} open  paths by descriptor; without the one that is taken
   * @returns {boolean} whether one of its path was open, and is taken
   */
  take(open) {
    const own = this.#descriptorsIn(open).find((descriptor) =>
      this.descriptor === undefined
        ? !this.others.includes(descriptor)
        : this.descriptor === descriptor,
    );
    return own !== undefined && open.delete(own);
  }
}

class Registrations {
  /**
   * @param {object} parts
   * @param {import('./call-site').CallSites | null} parts.sites
   * @param {() => Mark | null} parts.currentMark
   * @param {(message: string) => void} parts.say  told once when there is no room
   */
  constructor({ sites, currentMark, say }) {
    this.sites = sites;
    this.currentMark = currentMark;
    this.say = say;
    /** Of the mark that was made last. */
    this.latest = 0;
    /** Whether only what a mark's code registers is recorded: as long as no other mark was made. */
    this.ownedOnly = true;
    /** @type {Set<Owner>} */
    this.owners = new Set();
    /** @type {WeakMap<object, Map<unknown, Owner>>} */
    this.byOwner = new WeakMap();
    /** Of members, weakly. @type {WeakMap<object, WeakRef<object>>} */
    this.refs = new WeakMap();
    /** @type {{ thing: Thing, registration: Registration }[]} */
    this.things = [];
    /** @type {{ file: OpenedFile, registration: Registration }[]} */
    this.files = [];
    /**
     * Listeners that were there before, or that Node or a runner registers by itself and will again, and
     * collections of theirs. Tests like to take their runner's listeners from the process for a while.
     * @type {WeakSet<object>}
     */
    this.known = new WeakSet(
      process.eventNames().flatMap((type) => process.listeners(/** @type {any} */ (type))),
    );
    /** Sizes before something was taken away. @type {WeakMap<object, Map<unknown, { ordinal: number, size: number }>>} */
    this.noted = new WeakMap();
    this.count = 0;
    this.sweepAt = MAX_REGISTRATIONS / 8;
  }

  /**
   * Something is about to be taken away: what is added afterwards may be put in its place.
   * @param {object} owner
   * @param {unknown} detail
   * @param {number} size
   */
  noteSize(owner, detail, size) {
    if (this.byOwner.get(owner)?.get(detail)?.isBefore(this.latest) === false) return;
    let details = this.noted.get(owner);
    if (details === undefined) {
      details = new Map();
      this.noted.set(owner, details);
    }
    const noted = details.get(detail);
    if (noted !== undefined && noted.ordinal > this.latest) return;
    details.set(detail, { ordinal: nextOrdinal(), size });
  }

  /**
   * @param {Mark} mark  that was just made
   */
  open({ ordinal, owned }) {
    this.latest = ordinal;
    this.ownedOnly &&= owned;
  }

  /**
   * Whether an addition is to be recorded, asked by the hook before it captures the stack. Of an owner with many
   * some stand for others, whose stacks need not be captured.
   * @param {object} owner
   * @param {unknown} detail
   * @param {unknown} member
   */
  wants(owner, detail, member) {
    const mark = this.currentMark();
    if (mark === null && this.ownedOnly) return false;
    const birth = birthOf(owner);
    const isOwn = this.ownedOnly && mark !== null && birth >= mark.ordinal;
    if (isOwn || birth >= this.latest || this.known.has(owner)) return false;
    if (isObject(member) && this.known.has(listenerOf(member))) return false;
    const known = this.byOwner.get(owner)?.get(detail);
    if (known === undefined || known.share === 1 || known.isBefore(this.latest)) return true;
    return random() * known.share < 1;
  }

  /**
   * The same of what has no owner. What fires while stragglers are waited for is left by nobody.
   * @param {number} [dueMs]  until it ends by itself
   */
  wantsMade(dueMs = Number.POSITIVE_INFINITY) {
    return dueMs > GRACE_MS && !(this.ownedOnly && this.currentMark() === null);
  }

  /**
   * @param {Population} population
   * @param {object} owner
   * @param {unknown} detail
   * @param {unknown} member
   * @param {NodeJS.CallSite[]} stack  of who registers
   * @returns {Registration | undefined} undefined when it was not recorded
   */
  added(population, owner, detail, member, stack) {
    const mark = this.currentMark();
    if (!this.#hasRoom(mark)) return undefined;
    if (!isHoldable(member)) return undefined;
    const registration = this.#create(mark, stack);
    if (registration === undefined) {
      if (isObject(member)) this.known.add(listenerOf(member));
      if (population.kind === 'collections') this.known.add(owner);
      return undefined;
    }
    // Its bookkeeping: what that stands for is found by itself.
    if (population.kind === 'collections' && this.sites?.isNodes === true) return undefined;
    const known = this.#ownerOf(population, owner, detail);
    known.added.set(mark, (known.added.get(mark) ?? 0) + known.share);
    if (isObject(member)) registration.ref = this.#refOf(member);
    else registration.value = member;
    registration.weight = known.share;
    if (known.registrations.length >= MAX_PER_OWNER) {
      this.count -= known.registrations.length;
      known.registrations = thin(known.registrations);
      this.count += known.registrations.length;
      known.share *= 2;
    }
    known.registrations.push(registration);
    return registration;
  }

  /**
   * @param {object} target
   * @param {ConstructorParameters<typeof Thing>[1]} about
   * @param {import('./run').Below} below  whose caller makes it
   * @returns {Registration | undefined} undefined when it was not recorded
   */
  made(target, about, below) {
    const mark = this.currentMark();
    if (!this.#hasRoom(mark)) return undefined;
    const registration = this.#create(mark, below);
    if (registration !== undefined) {
      this.things.push({ thing: new Thing(target, about), registration });
    }
    return registration;
  }

  /**
   * A path is about to be opened.
   * @param {string} name
   * @param {number | Map<number, string>} descriptor  or the files that were open before, where it is not known yet
   * @param {import('./run').Below} below  whose caller opens it
   */
  opening(name, descriptor, below) {
    const mark = this.currentMark();
    if (!this.#hasRoom(mark)) return;
    const registration = this.#create(mark, below);
    if (registration !== undefined)
      this.files.push({ file: new OpenedFile(name, descriptor), registration });
  }

  /**
   * What some marks' code has registered is another's from now on.
   * @param {Mark[]} marks
   * @param {Mark | null} other
   */
  handOver(marks, other) {
    const owned = [...this.owners].flatMap(({ registrations }) => registrations);
    const others = [...this.things, ...this.files].map(({ registration }) => registration);
    for (const registration of [...owned, ...others]) {
      if (registration.mark !== null && marks.includes(registration.mark))
        registration.mark = other;
    }
    for (const { added } of this.owners) {
      for (const mark of marks) {
        const count = added.get(mark) ?? 0;
        if (added.delete(mark)) added.set(other, (added.get(other) ?? 0) + count);
      }
    }
  }

  /** Drops what is gone: until then the keys of entries are held. */
  dropGone() {
    this.#sweep();
  }

  /**
   * What was registered since a mark and is still there.
   * @param {Mark} since
   * @param {(target: object) => string | undefined} nameOf  under which it is followed, if it is
   * @returns {Leftover[]}
   */
  leftovers(since, nameOf) {
    const at = now();
    /** @type {Map<string, { part: Leftover, order: number }>} by subject, line, mark and doubt */
    const parts = new Map();
    /**
     * @param {Pick<Leftover, 'kind' | 'what' | 'owner' | 'named'>} subject
     * @param {Registration} registration
     * @param {number} count
     * @param {Leftover['doubt']} [otherwise]  where nothing else speaks against it
     */
    const add = (subject, registration, count, otherwise = null) => {
      const { mark, loading } = registration;
      const site = this.siteOf(registration);
      if (registration.seenAt === 0) registration.seenAt = at;
      // What will not count however long it stays need not be waited for.
      const lasting = loading ? 'loading' : otherwise;
      const doubt = lasting ?? (isFresh(registration.seenAt, at) ? 'fresh' : null);
      const key = `${subject.kind} ${subject.owner} ${site} ${mark?.ordinal} ${doubt}`;
      const known = parts.get(key);
      if (known !== undefined) {
        known.part.count += count;
      } else {
        const part = { ...subject, site, mark, count, doubt };
        parts.set(key, { part, order: mark?.ordinal ?? 0 });
      }
    };
    this.#sweep((owner, target) => {
      const { population, detail } = owner;
      const { counted, there, growth } = this.#gain(owner, target, since);
      if (counted.length === 0 || growth < there * KEPT_SHARE) return;
      const { what, owner: label } = population.describe(target, detail);
      const name = nameOf(target);
      const named = name !== undefined;
      const subject = { kind: population.kind, what, owner: name ?? label, named };
      const bounded = owner.bounded();
      let left = growth;
      for (const registration of counted.reverse()) {
        const count = Math.min(registration.weight, left);
        if (count <= 0) break;
        left -= count;
        // It has its share of what is there, of which nobody is told: that is not its neighbour's.
        if (isForgotten(registration)) continue;
        add(subject, registration, count, bounded.has(registration.mark) ? 'bounded' : null);
      }
    });
    for (const { thing, registration } of this.things) {
      const target = thing.ref.deref();
      if (target === undefined || !isAsked(registration, since)) continue;
      if (isForgotten(registration)) continue;
      const subject = { ...thing.subject, named: false };
      const isReferenced = subject.kind === 'retained' || hasRef(target);
      add(subject, registration, 1, isReferenced ? null : 'unreferenced');
    }
    const file = { kind: 'handles', what: 'file', owner: 'file', named: false };
    for (const { registration } of this.files) {
      if (isAsked(registration, since) && !isForgotten(registration)) add(file, registration, 1);
    }
    return [...parts.values()].sort((a, b) => a.order - b.order).map(({ part }) => part);
  }

  /**
   * @param {Mark} since
   * @returns {boolean} whether a collection has got entries since then for which it has dropped others
   */
  hasReplaced(since) {
    let found = false;
    this.#sweep((owner, target) => {
      const { growth, there } = this.#gain(owner, target, since);
      found ||= owner.population.kind === 'collections' && growth < there * KEPT_SHARE;
    });
    return found;
  }

  /**
   * What an owner has got since a mark, but for what was registered on it by those who have made it.
   * @param {Owner} owner
   * @param {object} target  the owner itself
   * @param {Mark} since
   * @returns {{ counted: Registration[], there: number, growth: number }}  `there`: what they stand for
   */
  #gain(owner, target, since) {
    const { population, detail, birth } = owner;
    const counted = owner.registrations.filter(
      (registration) =>
        isAsked(registration, since) &&
        birth < Math.max(since.ordinal, registration.mark?.ordinal ?? 0),
    );
    const there = counted.reduce((sum, { weight }) => sum + weight, 0);
    const growth =
      there === 0 ? 0 : population.size(target, detail) - owner.sizeSince(since.ordinal);
    return { counted, there, growth };
  }

  /**
   * The line of a registration, as the ledger knows it: most are gone before anybody asks.
   * @param {Registration} registration
   * @returns {number} site id, 0 for unknown
   */
  siteOf({ origin }) {
    return this.sites === null || origin === null ? 0 : this.sites.idOf(origin);
  }

  /**
   * Drops what is gone.
   * @param {(owner: Owner, target: object) => void} [look]  at each owner that has some left
   */
  #sweep(look) {
    this.count = 0;
    for (const owner of this.owners) {
      const target = owner.ref.deref();
      if (target === undefined) {
        this.owners.delete(owner);
        continue;
      }
      const { population, detail } = owner;
      const members = owner.registrations.map(({ ref, value }) => (ref ? ref.deref() : value));
      const present = presentOf(population, target, detail, members);
      owner.registrations = owner.registrations.filter(
        ({ ref }, index) => present[index] && (ref === null || members[index] !== undefined),
      );
      if (owner.registrations.length === 0) {
        this.owners.delete(owner);
        this.byOwner.get(target)?.delete(detail);
        continue;
      }
      this.count += owner.registrations.length;
      look?.(owner, target);
    }
    this.things = this.things.filter(({ thing }) => {
      const target = thing.ref.deref();
      return target !== undefined && thing.isLive(target);
    });
    if (this.files.length > 0) {
      const open = openFiles();
      /** @param {{ file: OpenedFile }} entry */
      const isKnown = ({ file }) => file.descriptor !== undefined;
      const known = this.files.filter((entry) => isKnown(entry) && entry.file.take(open));
      // The newest first: of a path that is open once the last to open it is to blame.
      const others = this.files.filter((entry) => !isKnown(entry)).reverse();
      this.files = [...known, ...others.filter(({ file }) => file.take(open)).reverse()];
    }
    this.count += this.things.length + this.files.length;
  }

  /** @param {Mark | null} mark  that a registration would be of */
  #hasRoom(mark) {
    if (mark === null && this.ownedOnly) return false;
    if (this.count < this.sweepAt) return true;
    this.#sweep();
    this.sweepAt = Math.min(MAX_REGISTRATIONS, Math.max(2 * this.count, MAX_REGISTRATIONS / 8));
    if (this.count < this.sweepAt) return true;
    this.say(`no more than ${MAX_REGISTRATIONS} registrations since a mark are followed at a time`);
    return false;
  }

  /**
   * @param {Population} population
   * @param {object} owner
   * @param {unknown} detail
   */
  #ownerOf(population, owner, detail) {
    let details = this.byOwner.get(owner);
    if (details === undefined) {
      details = new Map();
      this.byOwner.set(owner, details);
    }
    let known = details.get(detail);
    const before = () => {
      const noted = this.noted.get(owner)?.get(detail);
      if (noted !== undefined && noted.ordinal > this.latest) return noted.size;
      // The member is there already.
      return population.size(owner, detail) - 1;
    };
    if (known === undefined) {
      known = new Owner(population, owner, detail, before());
      details.set(detail, known);
      this.owners.add(known);
    } else if (known.isBefore(this.latest)) {
      // What a mark's code leaves is counted one by one as long as it is not much.
      known.share = 1;
      known.sizes.push({ ordinal: nextOrdinal(), size: before() });
      if (known.sizes.length > MAX_SIZES) known.sizes.shift();
    }
    return known;
  }

  /**
   * One for each object, as making one costs more than finding it.
   * @param {object} member
   */
  #refOf(member) {
    let ref = this.refs.get(member);
    if (ref === undefined) {
      ref = new WeakRef(member);
      this.refs.set(member, ref);
    }
    return ref;
  }

  /**
   * @param {Mark | null} mark
   * @param {import('./run').Below} below
   * @returns {Registration | undefined} undefined when it is Node's own doing
   */
  #create(mark, below) {
    const { sites } = this;
    const origin = sites === null ? null : sites.captureRegistration(below);
    if (origin === undefined) return undefined;
    this.count += 1;
    return {
      ref: null,
      value: undefined,
      origin,
      loading: sites?.isLoading === true,
      mark,
      ordinal: nextOrdinal(),
      weight: 1,
      seenAt: 0,
    };
  }
}

/**
 * @param {Registration} registration
 * @param {Mark} since
 */
function isAsked({ ordinal, mark }, since) {
  return ordinal > since.ordinal && (mark !== null || !since.owned);
}

/** @param {Registration} registration  of a test that failed, say */
const isForgotten = ({ mark }) => mark?.forgotten === true;

/**
 * @param {Population} population
 * @param {object} target
 * @param {unknown} detail
 * @param {unknown[]} members
 * @returns {readonly boolean[]} which of them it still has; none where it cannot be asked any more, as a proxy that was
 *   revoked
 */
function presentOf(population, target, detail, members) {
  try {
    return population.contains(target, detail, members);
  } catch {
    return [];
  }
}

/**
 * Whether it keeps the process.
 * @param {any} target  a timer or a handle
 */
function hasRef(target) {
  const handle = typeof target.hasRef === 'function' ? target : handleOf(target);
  return typeof handle?.hasRef === 'function' ? handle.hasRef() === true : true;
}

/**
 * Sockets of `dgram` warn of whoever reads their `_handle`, and workers have none.
 * @param {any} target
 * @returns {any}
 */
function handleOf(target) {
  const own = ownValueOf(target, '_handle');
  if (own !== undefined) return own;
  for (const symbol of Object.getOwnPropertySymbols(target)) {
    if (symbol.description === 'kHandle') return target[symbol];
    if (symbol.description === 'state symbol') return target[symbol]?.handle;
  }
  return undefined;
}

exports.Registrations = Registrations;
