'use strict';

/**
 * What `watch()` can follow by name, and how the size of each is read. Targets are held by WeakRef;
 * a function is the caller's own gauge and is kept until the watch is stopped.
 */

const { now } = require('./clock');
const { LeakguardError, inspectValue } = require('./errors');
const { isFresh } = require('./order');

const mapSize = sizeGetter(Map.prototype);
const setSize = sizeGetter(Set.prototype);

/** Ticks between two looks for the watches of collected targets. */
const SWEEP_TICKS = 16;
/** Watches from which on a further one looks for them too. */
const MIN_SWEEP = 256;

/** Counting the keys of a plain object may take this long in one tick before it is counted less often. */
const MAX_COUNT_MS = 0.5;

/**
 * @param {object} prototype
 * @returns {(this: unknown) => number}
 */
function sizeGetter(prototype) {
  return /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, 'size')).get;
}

/**
 * @param {(this: unknown) => number} getter
 * @param {unknown} target
 */
function answers(getter, target) {
  try {
    getter.call(target);
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} size */
const isSize = (size) => typeof size === 'number' && size >= 0;

/**
 * The number of keys of an object, counted again only after a pause that is long against the time
 * that the last count took.
 * @returns {(target: object) => number}
 */
function createKeyCounter() {
  let count = 0;
  let pause = 0;
  return (target) => {
    if (pause > 0) {
      pause -= 1;
      return count;
    }
    const start = now();
    count = Object.keys(target).length;
    pause = Math.floor((now() - start) / MAX_COUNT_MS);
    return count;
  };
}

/**
 * @param {any} target
 * @returns {{ what: string, size: (target: any) => number, members: 'has' | null }}
 * @throws {LeakguardError} ERR_LEAKGUARD_TARGET
 */
function measureOf(target) {
  if (typeof target === 'function')
    return { what: 'function', size: (gauge) => gauge(), members: null };
  if (typeof target === 'object' && target !== null) {
    if (answers(mapSize, target)) {
      return { what: 'Map', size: (map) => mapSize.call(map), members: 'has' };
    }
    if (answers(setSize, target)) {
      return { what: 'Set', size: (set) => setSize.call(set), members: 'has' };
    }
    if (Array.isArray(target))
      return { what: 'array', size: (array) => array.length, members: null };
    // lru-cache, quick-lru, keyv's stores: anything that says how many it holds.
    if (isSize(target.size)) return { what: 'size', size: ({ size }) => size, members: null };
    const prototype = Object.getPrototypeOf(target);
    if (prototype === null || prototype === Object.prototype) {
      return { what: 'object', size: createKeyCounter(), members: null };
    }
  }
  throw new LeakguardError(
    'ERR_LEAKGUARD_TARGET',
    `watch() cannot follow ${inspectValue(target)}: accepted are a Map, a Set, an array, a plain object, ` +
      'any object with a numeric `size`, and a function that returns a number',
  );
}

/**
 * @param {unknown} target
 * @param {import('./sampler').Sampler} sampler  of the hooks on Map and Set
 * @returns {import('./tracked').Population}
 * @throws {LeakguardError} ERR_LEAKGUARD_TARGET
 */
function populationOf(target, sampler) {
  const { what, size, members } = measureOf(target);
  const has = what === 'Set' ? Set.prototype.has : Map.prototype.has;
  return {
    kind: 'collections',
    isHooked: members !== null,
    sampler,
    limits: () => ({ floor: 1, threshold: 0 }),
    describe: () => ({ what, owner: what }),
    size: (held) => {
      const count = size(held);
      if (!isSize(count)) {
        throw new TypeError(`its size is ${inspectValue(count)}, not a number from 0`);
      }
      return count;
    },
    contains: (held, _detail, asked) =>
      asked.map((member) => members !== null && Reflect.apply(has, held, [member])),
  };
}

/**
 * What the host has asked to follow.
 * @typedef {object} Watched
 * @property {string} name
 * @property {number | undefined} floor  undefined: that of the sensitivity
 * @property {import('./tracked').Population} population
 * @property {WeakRef<object> | (() => unknown)} owner
 * @property {import('./tracked').Record | undefined} record  in the present run
 */

/**
 * What a mark keeps of each watch: its size at the mark, and when it was first found larger (0: not yet).
 * @typedef {Map<Watched, { size: number, seenAt: number }>} Sizes
 */

/** @param {Watched} watched */
const targetOf = ({ owner }) => (typeof owner === 'function' ? owner : owner.deref());

/**
 * @param {Watched} watched
 * @returns {number | undefined} undefined when it is gone or cannot be read
 */
function sizeOf(watched) {
  const target = targetOf(watched);
  try {
    return target === undefined ? undefined : watched.population.size(target, undefined);
  } catch {
    // A tick says so, and ends the watch.
    return undefined;
  }
}

/**
 * All watches. They outlive a run, so that `start()` with other options keeps them.
 */
class Watches {
  constructor() {
    /** @type {Set<Watched>} */
    this.all = new Set();
    this.ticks = 0;
    /** Where nothing ticks, this size is what has them swept. */
    this.sweepAt = MIN_SWEEP;
  }

  /**
   * @param {Pick<Watched, 'name' | 'floor' | 'population'>} about
   * @param {any} target
   * @returns {Watched}
   */
  add(about, target) {
    if (this.all.size >= this.sweepAt) {
      this.#sweep();
      this.sweepAt = Math.max(MIN_SWEEP, 2 * this.all.size);
    }
    const owner = typeof target === 'function' ? target : new WeakRef(target);
    const watched = { ...about, owner, record: undefined };
    this.all.add(watched);
    return watched;
  }

  /** Drops the watches of collected targets, now and then. */
  tick() {
    this.ticks += 1;
    if (this.ticks % SWEEP_TICKS === 0) this.#sweep();
  }

  /**
   * @param {Watched} watched
   * @returns {Watched | undefined} another watch of its target, which is to be followed from now on
   */
  remove(watched) {
    const target = targetOf(watched);
    const ofTarget =
      target === undefined
        ? [watched]
        : [...this.all].filter((other) => targetOf(other) === target);
    this.all.delete(watched);
    // The last has the record.
    if (ofTarget.pop() !== watched) return undefined;
    watched.record?.release();
    return ofTarget.pop();
  }

  /**
   * Gives a watch its record in a run.
   * @param {Watched} watched
   * @param {import('./tracked').Tracked} tracked
   * @param {number} fallback  floor of those that name none
   */
  follow(watched, tracked, fallback) {
    const target = targetOf(watched);
    const { population, name, floor = fallback } = watched;
    watched.record =
      target === undefined ? undefined : tracked.watch(population, target, name, floor);
  }

  /**
   * @param {Sizes} sizes  to be filled
   */
  readSizes(sizes) {
    for (const watched of this.all) {
      const size = sizeOf(watched);
      if (size !== undefined) sizes.set(watched, { size, seenAt: 0 });
    }
  }

  /**
   * What has grown since a mark, but for Maps and Sets, whose entries are registered one by one.
   * @param {Sizes} sizes  of the mark
   * @returns {import('./registrations').Leftover[]}
   */
  leftovers(sizes) {
    const at = now();
    /** @type {import('./registrations').Leftover[]} */
    const left = [];
    for (const [watched, known] of sizes) {
      const { population, name } = watched;
      const size = population.isHooked ? undefined : sizeOf(watched);
      if (size === undefined || size <= known.size) continue;
      known.seenAt ||= at;
      const { what } = population.describe(targetOf(watched), undefined);
      left.push({
        kind: 'collections',
        what,
        owner: name,
        named: true,
        site: 0,
        mark: null,
        count: size - known.size,
        doubt: isFresh(known.seenAt, at) ? 'fresh' : null,
      });
    }
    return left;
  }

  #sweep() {
    for (const watched of this.all) if (targetOf(watched) === undefined) this.all.delete(watched);
  }
}

exports.Watches = Watches;
exports.isSize = isSize;
exports.populationOf = populationOf;
