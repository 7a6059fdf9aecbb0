'use strict';

/**
 * Open handles: how many of each type (asked of Node and of the system, so nothing is missed), and
 * how many of each line that makes them (what the hooks were shown). Both go under one `what`, so
 * that what a type gains and what a line gains are known to be one cause.
 *
 * | `what` | Node's types | descriptors |
 * |---|---|---|
 * | `Socket` | `TCPSocketWrap`, `PipeWrap` | births and deaths of sockets |
 * | `Server` | `TCPServerWrap`, `PipeServerWrap` | |
 * | `DatagramSocket` | `UDPWrap` | |
 * | `FSWatcher` | `FSEventWrap` | |
 * | `StatWatcher` | `StatWatcher` | |
 * | `ChildProcess` | `ProcessWrap` | |
 * | `Worker` | none: known by its line only | |
 * | `MessagePort` | `MessagePort` | |
 * | `file`, `pipe`, `descriptor` | | files, pipes, the rest (epoll, inotify, timers …) |
 *
 * Node lists the handles that hold the event loop; unreferenced ones are seen by their line only.
 */

const { now } = require('./clock');
const { Descriptors } = require('./descriptors');
const { isMainThread } = require('./loaded');
const { Rest } = require('./rest');
const { SitePopulations } = require('./site-populations');

/** Lines that listen; each keeps its site for what its servers accept. */
const MAX_LISTEN_SITES = 256;

/** Node's types of handles by our name. Requests and timers come and go, so they are not here. */
const WHAT_BY_TYPE = new Map([
  ['TCPSocketWrap', 'Socket'],
  ['PipeWrap', 'Socket'],
  ['TCPServerWrap', 'Server'],
  ['PipeServerWrap', 'Server'],
  ['UDPWrap', 'DatagramSocket'],
  ['FSEventWrap', 'FSWatcher'],
  ['StatWatcher', 'StatWatcher'],
  ['ProcessWrap', 'ChildProcess'],
  ['MessagePort', 'MessagePort'],
]);

/** @typedef {import('./descriptors').DescriptorKind} DescriptorKind */
/** Where the descriptors are the only ones to tell how many there are. */
const COUNTED_KINDS = /** @type {const} */ (['file', 'pipe', 'descriptor']);

// Taken before the host can replace it; a failure of the very first one is said at a tick.
const getActiveResourcesInfo = process.getActiveResourcesInfo?.bind(process);

/** One type's count, as a subject without a site. */
class TypeCount {
  /** @param {string} what */
  constructor(what) {
    this.what = what;
    this.slot = -1;
    this.level = 0;
    /** At its first tick: what a process starts with is no growth. @type {number | null} */
    this.first = null;
    /** Of those born and died so far, how many the ledger was told. */
    this.toldBorn = 0;
    this.toldDied = 0;
  }

  evicted() {}
}

class Handles {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./call-site').CallSites | null} parts.sites
   * @param {number} parts.floor
   * @param {(message: string) => void} parts.warn
   */
  constructor({ slots, sites, floor, warn }) {
    this.slots = slots;
    this.sites = sites;
    this.floor = floor;
    this.warn = warn;
    this.populations = new SitePopulations({ kind: 'handles', slots, sites, named: true });
    /** null where they cannot be looked at. @type {Descriptors | null} */
    this.descriptors =
      process.platform === 'linux'
        ? new Descriptors(slots.matureTicks, (descriptor) => this.#fileOpened(descriptor))
        : null;
    /** @type {Map<string, TypeCount>} by what */
    this.types = new Map();
    this.ticked = false;
    /** Whether Node is still asked for its handles. */
    this.lists = true;
    this.rest = new Rest();
    /** Sites of the servers that listen, for what they accept. @type {WeakMap<object, number>} */
    this.listenSites = new WeakMap();
    /** @type {Set<number>} */
    this.keptSites = new Set();
  }

  /**
   * @param {object} target
   * @param {{ what: string, isLive: ((target: any) => boolean) | null, weight: number, below: import('./run').Below, site?: number }} about
   */
  made(target, about) {
    const site = this.populations.made(target, { ...about, floor: this.floor });
    if (about.what !== 'Server' || site === 0) return;
    if (!this.keptSites.has(site)) {
      if (this.keptSites.size === MAX_LISTEN_SITES) return;
      this.keptSites.add(site);
    }
    this.listenSites.set(target, site);
  }

  /**
   * A connection that a server accepted: no line of the host is on the stack, so it goes to the one
   * that listens.
   * @param {object} socket
   * @param {object | undefined} server
   * @param {{ isLive: (target: any) => boolean, weight: number }} about
   */
  accepted(socket, server, about) {
    const site = server === undefined ? undefined : this.listenSites.get(server);
    if (site === undefined) return;
    this.populations.made(socket, { ...about, what: 'Socket', floor: this.floor, site });
  }

  /**
   * A path is about to be opened.
   * @param {string} path
   * @param {import('./run').Below} below  whose caller opens it
   */
  opening(path, below) {
    if (this.descriptors === null || this.sites === null) return;
    // Streams open later, with nothing of the host on the stack: who made the stream has been noted.
    const site = this.sites.capture(below, true);
    if (site !== 0) this.descriptors.note(path, site);
  }

  /** @param {number} collections  full collections so far */
  tick(collections) {
    if (!this.ticked) {
      this.ticked = true;
      // They are the process's: the main thread looks after them.
      if (!isMainThread()) this.descriptors = null;
    }
    this.#readDescriptors();
    this.#listHandles();
    this.populations.tick(collections);
    for (const type of this.types.values()) this.#settle(type);
  }

  observe() {
    this.populations.observe();
  }

  /** @returns {number[]} */
  sitesInUse() {
    const noted = this.descriptors?.notes.values() ?? [];
    return [...this.populations.sitesInUse(), ...this.keptSites, ...new Set(noted)];
  }

  #readDescriptors() {
    const { descriptors } = this;
    if (descriptors === null) return;
    try {
      descriptors.tick();
    } catch (error) {
      this.descriptors = null;
      this.warn(`open descriptors are not counted: ${error}`);
      return;
    }
    this.#tellBirths(this.#typeOf('Socket'), 'socket', descriptors);
    for (const kind of COUNTED_KINDS) {
      const type = this.#typeOf(kind);
      type.level = descriptors.counts[kind];
      this.#tellBirths(type, kind, descriptors);
    }
  }

  #listHandles() {
    if (!this.lists || !this.rest.isOver()) return;
    const start = now();
    /** @type {string[]} */
    let names;
    try {
      names = getActiveResourcesInfo();
    } catch (error) {
      this.lists = false;
      this.warn(`open handles are not counted: ${error}`);
      return;
    }
    for (const type of this.types.values()) {
      if (!COUNTED_KINDS.includes(/** @type {any} */ (type.what))) type.level = 0;
    }
    for (const name of names) {
      const what = WHAT_BY_TYPE.get(name);
      if (what !== undefined) this.#typeOf(what).level += 1;
    }
    this.rest.begin(now() - start);
  }

  /** @param {import('./descriptors').Descriptor} descriptor */
  #fileOpened(descriptor) {
    if (descriptor.kind !== 'file' || this.descriptors === null) return;
    const site = this.descriptors.siteOf(descriptor);
    if (site === 0) return;
    const isLive = (/** @type {typeof descriptor} */ { open }) => open;
    this.populations.made(descriptor, {
      what: 'file',
      floor: this.floor,
      isLive,
      weight: 1,
      site,
    });
  }

  /**
   * @param {string} what
   * @returns {TypeCount}
   */
  #typeOf(what) {
    let type = this.types.get(what);
    if (type === undefined) {
      type = new TypeCount(what);
      this.types.set(what, type);
    }
    return type;
  }

  /**
   * @param {TypeCount} type
   * @param {DescriptorKind} kind
   * @param {Descriptors} descriptors
   */
  #tellBirths(type, kind, { born, died, passing }) {
    const { slot } = type;
    if (slot < 0) {
      // Whoever is open when it gets a slot is born then.
      type.toldBorn = died[kind];
      type.toldDied = died[kind];
      return;
    }
    const { engine } = this.slots;
    if (passing[kind]) engine.samplePassed(slot);
    // One by one: each is an observation of its own.
    for (; type.toldBorn < born[kind]; type.toldBorn += 1) engine.sampleBorn(slot, 0, 1);
    for (; type.toldDied < died[kind]; type.toldDied += 1) engine.sampleDied(slot, 0, 1);
  }

  /** @param {TypeCount} type */
  #settle(type) {
    const { slots, floor } = this;
    const { what, level } = type;
    type.first ??= level;
    if (type.slot >= 0 && level < floor / 4) {
      slots.release(type);
    } else if (type.slot >= 0) {
      slots.levels[type.slot] = level;
    } else if (level >= floor / 2 && level > type.first) {
      slots.claim(type, { kind: 'handles', what, owner: what, floor, level });
    }
  }
}

exports.Handles = Handles;
exports.getActiveResourcesInfo = getActiveResourcesInfo;
