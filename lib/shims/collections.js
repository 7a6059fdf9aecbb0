'use strict';

/**
 * Entries of every Map and Set, without naming them. A call below the threshold pays for reading a
 * size; Node's own collections are made from copies taken at its start-up and do not pass here.
 */

const { birthOf } = require('../order');
const { Sampler } = require('../sampler');
const { DEEP_STACK_FRAMES, captureStack } = require('../stack');

/**
 * @param {object} prototype
 * @returns {(this: any) => number}
 */
const sizeGetter = (prototype) =>
  /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, 'size')).get;

/**
 * A collection is met for sure when it grows past this point, however busy the samples are. Off the
 * round numbers: a cache bounded at 1,000 or 1,024 entries would stand on them all its life.
 */
const DISCOVERY_OFFSET = 9;

/** @type {import('.').CreateShim} */
function createCollectionsShim({ added, records, limits }) {
  const sampler = new Sampler(() => ({
    threshold: limits.looksFrom.collections,
    attention: limits.attention,
    stride: 128,
  }));

  /**
   * @param {any} Collection
   * @param {string} what
   */
  function createPopulation({ prototype }, what) {
    const sizeOf = sizeGetter(prototype);
    /** @type {import('../tracked').Population} */
    const population = {
      kind: 'collections',
      sampler,
      limits: () => limits.collections,
      describe: () => ({ what, owner: what }),
      size: (collection) => sizeOf.call(collection),
      contains: (collection, _detail, members) =>
        members.map((member) => Reflect.apply(prototype.has, collection, [member])),
    };
    return population;
  }

  /**
   * Whether an addition is anything to tell: most of what is made is small and soon gone.
   * @param {object} collection
   * @param {number} before  its size
   */
  const matters = (collection, before) =>
    before >= limits.collections.threshold || birthOf(collection) < limits.latestMark;

  const maps = createPopulation(Map, 'Map');
  const sets = createPopulation(Set, 'Set');
  const mapSize = sizeGetter(Map.prototype);
  const setSize = sizeGetter(Set.prototype);

  // Two wrappers of one shape: with the arity of the original, without `arguments` and without a
  // shared helper, each costs 1-3 ns; folded into one they cost 5-10.

  /** @param {any} original */
  function wrapMapSet(original) {
    /**
     * @param {any} map
     * @param {unknown} key
     * @param {unknown} value
     * @param {number} before
     * @param {number} weight
     */
    function look(map, key, value, before, weight) {
      const result = original.call(map, key, value);
      if (weight !== 0 && mapSize.call(map) > before && matters(map, before)) {
        const recorded = records(map, undefined, key);
        if (!recorded && !limits.trends) return result;
        const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
        added(maps, map, undefined, key, weight, below);
      }
      return result;
    }
    const { wrapper } = {
      /**
       * @this {any}
       * @param {unknown} key
       * @param {unknown} value
       */
      wrapper(key, value) {
        let size = 0;
        try {
          size = mapSize.call(this);
        } catch {
          // Not a Map: the original says so in its own words.
        }
        if (size >= sampler.threshold) {
          if (--sampler.skip < 0) return look(this, key, value, size, sampler.next());
          if (size === sampler.threshold + DISCOVERY_OFFSET && --sampler.discoveries >= 0) {
            return look(this, key, value, size, 1);
          }
        }
        return original.call(this, key, value);
      },
    };
    return wrapper;
  }

  /** @param {any} original */
  function wrapSetAdd(original) {
    /**
     * @param {any} set
     * @param {unknown} value
     * @param {number} before
     * @param {number} weight
     */
    function look(set, value, before, weight) {
      const result = original.call(set, value);
      if (weight !== 0 && setSize.call(set) > before && matters(set, before)) {
        const recorded = records(set, undefined, value);
        if (!recorded && !limits.trends) return result;
        const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
        added(sets, set, undefined, value, weight, below);
      }
      return result;
    }
    const { wrapper } = {
      /**
       * @this {any}
       * @param {unknown} value
       */
      wrapper(value) {
        let size = 0;
        try {
          size = setSize.call(this);
        } catch {
          // Not a Set: the original says so in its own words.
        }
        if (size >= sampler.threshold) {
          if (--sampler.skip < 0) return look(this, value, size, sampler.next());
          if (size === sampler.threshold + DISCOVERY_OFFSET && --sampler.discoveries >= 0) {
            return look(this, value, size, 1);
          }
        }
        return original.call(this, value);
      },
    };
    return wrapper;
  }

  /**
   * @param {import('../patch').PatchSet} patches
   * @param {typeof globalThis} realm
   */
  function installIn(patches, realm) {
    patches.replace(realm.Map.prototype, 'set', wrapMapSet);
    patches.replace(realm.Set.prototype, 'add', wrapSetAdd);
  }

  return {
    name: 'collections',
    samplers: [sampler],
    install: (patches) => installIn(patches, globalThis),
    installRealm: installIn,
  };
}

exports.createCollectionsShim = createCollectionsShim;
