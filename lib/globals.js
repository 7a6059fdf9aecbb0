'use strict';

/**
 * What hangs on globals, and so lives as long as the process: new keys of `globalThis`, modules in
 * `require.cache`, and every Map, Set, array or plain object that a global holds, directly or one
 * plain object further (`globalThis.app.sessions`).
 *
 * Properties are read from their descriptors: a getter, a Proxy's trap or a `size` of a class would be
 * the host's code. Only enumerable globals are read, as an assignment makes them: Node's own are not
 * enumerable, and some of them load whole modules when only their descriptor is asked for.
 * A collection that the host has named stays what it is; one that only a hook has met is followed under
 * the global's name from now on.
 *
 * A module whose file is older than the process is a part of the program, whenever it is first needed:
 * there are as many of them as there are files. What leaks has ever new names, or files of its own making.
 */

const fs = require('node:fs');
const nodeModule = require('node:module');
const { types } = require('node:util');
const { now } = require('./clock');
const { Rest } = require('./rest');
const { isSize, populationOf } = require('./watch');

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const isEnumerable = Object.prototype.propertyIsEnumerable;
const { ownKeys } = Reflect;

/** Properties looked at at a time, at about 0.2 us each; the next look goes on where this one ended. */
const MAX_LOOKS = 512;
/** An object with more keys is a table, not a place where an application keeps its parts. */
const MAX_PARTS = 64;
/** Collections of globals that are followed. */
const MAX_FOLLOWED = 64;

/** A number of keys, as a subject of its own. */
class KeyCount {
  /**
   * @param {object} about
   * @param {string} about.what
   * @param {string} about.owner
   * @param {() => readonly PropertyKey[]} about.list
   * @param {(key: PropertyKey) => boolean} [about.isPart]  asked once: whether it is a part of the program
   */
  constructor({ what, owner, list, isPart = () => false }) {
    this.what = what;
    this.owner = owner;
    this.list = list;
    this.isPart = isPart;
    this.slot = -1;
    /** Those that were there at the start, or could have been. */
    this.parts = new Set(list());
    /** All others, of the last time. @type {Set<PropertyKey>} */
    this.added = new Set();
    this.rest = new Rest();
  }

  evicted() {}

  /** @returns {number | undefined} undefined between two looks */
  count() {
    if (!this.rest.isOver()) return undefined;
    const start = now();
    const added = new Set();
    for (const key of this.list()) {
      if (this.parts.has(key)) continue;
      if (this.added.has(key) || !this.isPart(key)) added.add(key);
      else this.parts.add(key);
    }
    this.added = added;
    this.rest.begin(now() - start);
    return added.size;
  }
}

/** @param {PropertyKey} key */
const isAssigned = (key) => isEnumerable.call(globalThis, key);

/** @returns {PropertyKey[]} */
function listModules() {
  const cache = /** @type {any} */ (nodeModule)._cache;
  return typeof cache !== 'object' || cache === null || types.isProxy(cache) ? [] : ownKeys(cache);
}

/** @param {PropertyKey} key  a file name, or whatever else the host has made one of */
function isOlderThanProcess(key) {
  try {
    return fs.statSync(String(key)).mtimeMs < Date.now() - process.uptime() * 1000;
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
const isPlain = (value) => {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  // Whose exports cannot be looked at before they are made.
  if (types.isModuleNamespaceObject(value)) return false;
  const prototype = getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/**
 * Whether its size can be read without running code of the host.
 * @param {unknown} value
 * @returns {value is object}
 */
function isMeasurable(value) {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (types.isMap(value) || types.isSet(value) || Array.isArray(value)) return true;
  const size = getOwnPropertyDescriptor(value, 'size');
  return size === undefined ? isPlain(value) : isSize(size.value);
}

/** @param {PropertyKey} key */
const nameOf = (key) => (typeof key === 'symbol' ? `[${String(key)}]` : `.${String(key)}`);

/**
 * What a property of an object holds, and each part of it if it is an object with parts.
 * @param {object} holder
 * @param {PropertyKey} key
 * @param {string} owner  the holder's name
 * @returns {[value: unknown, name: string][]}
 */
function heldBy(holder, key, owner) {
  const value = getOwnPropertyDescriptor(holder, key)?.value;
  if (value === globalThis) return [];
  const name = owner + nameOf(key);
  /** @type {[unknown, string][]} */
  const held = [[value, name]];
  const parts = isPlain(value) ? ownKeys(value) : [];
  if (parts.length > MAX_PARTS) return held;
  for (const part of parts) {
    held.push([getOwnPropertyDescriptor(value, part)?.value, name + nameOf(part)]);
  }
  return held;
}

/**
 * What there is now, by name: the keys of `globalThis`, the modules, and what the globals hold.
 * @param {import('./sampler').Sampler} sampler  of the hooks on Map and Set
 * @returns {Map<string, { what: string, size: number }>}
 */
function sizesOfGlobals(sampler) {
  const keys = ownKeys(globalThis);
  const sizes = new Map([
    ['globalThis', { what: 'global', size: keys.length }],
    ['require.cache', { what: 'object', size: listModules().length }],
  ]);
  for (const key of keys.filter(isAssigned).slice(0, MAX_LOOKS)) {
    for (const [value, name] of heldBy(globalThis, key, 'globalThis')) {
      if (!isMeasurable(value)) continue;
      const population = populationOf(value, sampler);
      const { what } = population.describe(value, undefined);
      sizes.set(name, { what, size: population.size(value, undefined) });
    }
  }
  return sizes;
}

class Globals {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./tracked').Tracked} parts.tracked
   * @param {import('./sampler').Sampler} parts.sampler  of the hooks on Map and Set
   * @param {{ globals: number, watched: number }} parts.floors
   */
  constructor({ slots, tracked, sampler, floors }) {
    this.slots = slots;
    this.tracked = tracked;
    this.sampler = sampler;
    this.floors = floors;
    this.counts = [
      new KeyCount({ what: 'global', owner: 'globalThis', list: () => ownKeys(globalThis) }),
      new KeyCount({
        what: 'object',
        owner: 'require.cache',
        list: listModules,
        isPart: isOlderThanProcess,
      }),
    ];
    /** @type {Set<import('./tracked').Record>} */
    this.followed = new Set();
    this.rest = new Rest();
    /** Where the next look begins among the keys. */
    this.next = 0;
  }

  tick() {
    for (const keys of this.counts) this.#settle(keys);
    this.#discover();
  }

  /** @param {KeyCount} keys */
  #settle(keys) {
    const level = keys.count();
    if (level === undefined) return;
    const { slots } = this;
    const floor = this.floors.globals;
    if (keys.slot >= 0 && level < floor / 4) {
      slots.release(keys);
    } else if (keys.slot >= 0) {
      slots.levels[keys.slot] = level;
    } else if (level >= floor / 2) {
      const { what, owner } = keys;
      slots.claim(keys, { kind: 'globals', what, owner, floor, level });
    }
  }

  /** Looks for collections that have become large enough to follow. */
  #discover() {
    for (const record of this.followed) if (record.slot < 0) this.followed.delete(record);
    if (!this.rest.isOver()) return;
    const start = now();
    const keys = ownKeys(globalThis).filter(isAssigned);
    let looks = 0;
    for (let step = 0; step < keys.length && looks < MAX_LOOKS; step += 1) {
      const key = keys[this.next % keys.length];
      this.next = (this.next + 1) % keys.length;
      const held = heldBy(globalThis, key, 'globalThis');
      looks += held.length;
      for (const [value, name] of held) this.#consider(value, name);
    }
    this.rest.begin(now() - start);
  }

  /**
   * @param {unknown} value
   * @param {string} owner
   */
  #consider(value, owner) {
    if (!isMeasurable(value) || this.followed.size >= MAX_FOLLOWED) return;
    if (this.tracked.isNamed(value)) return;
    const floor = this.floors.watched;
    const population = { ...populationOf(value, this.sampler), kind: 'globals' };
    if (population.size(value, undefined) < floor / 4) return;
    const record = this.tracked.watch(population, value, owner, floor);
    if (record !== undefined) this.followed.add(record);
  }
}

exports.Globals = Globals;
exports.sizesOfGlobals = sizesOfGlobals;
