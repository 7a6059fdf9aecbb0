/**
 * Entries of every Map and Set, without naming them. A call below the threshold pays for reading a
 * size; Node's own collections are made from copies taken at its start-up and do not pass here.
 */

const { Sampler } = require('../sampler');

/** @typedef {(this: any) => number} SizeGetter */

/**
 * A collection is met for sure when it grows past this point, however busy the samples are. Off the
 * round numbers: a cache bounded at 1,000 or 1,024 entries would stand on them all its life.
 */
const DISCOVERY_OFFSET = 9;

/** @type {import('.').CreateShim} */
function createCollectionsShim({ added, limits }) {
  const sampler = new Sampler(() => ({
    threshold: limits.collections.threshold,
    attention: limits.attention,
    stride: 128,
  }));

  /**
   * @param {any} Collection
   * @param {string} what
   * @param {'set' | 'add'} method
   */
  function describe(Collection, what, method) {
    const { prototype } = Collection;
    const has = prototype.has;
    const sizeOf = /** @type {SizeGetter} */ (
      Object.getOwnPropertyDescriptor(prototype, 'size')?.get
    );

    /** @type {import('../tracked').Population} */
    const entries = {
      kind: 'collections',
      sampler,
      limits: () => limits.collections,
      describe: () => ({ what, owner: what }),
      size: (collection) => sizeOf.call(collection),
      contains: (collection, _detail, members) =>
        members.map((member) => Reflect.apply(has, collection, [member])),
    };

    /** @param {any} original */
    function createWrapper(original) {
      /**
       * @param {any} collection
       * @param {IArguments} args
       * @param {number} before
       */
      function look(collection, args, before) {
        const weight = sampler.next();
        const result = Reflect.apply(original, collection, args);
        if (weight !== 0 && sizeOf.call(collection) > before) {
          added(entries, collection, undefined, args[0], weight, wrapper);
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
            size = sizeOf.call(this);
          } catch {
            // Not a collection: the original says so in its own words.
          }
          if (
            size >= sampler.threshold &&
            (--sampler.skip < 0 || size === sampler.threshold + DISCOVERY_OFFSET)
          ) {
            return look(this, arguments, size);
          }
          return original.call(this, key, value);
        },
      };
      return wrapper;
    }

    return { prototype, method, createWrapper };
  }

  const shims = [describe(Map, 'Map', 'set'), describe(Set, 'Set', 'add')];

  return {
    name: 'collections',
    samplers: [sampler],
    install(patches) {
      for (const { prototype, method, createWrapper } of shims) {
        patches.replace(prototype, method, createWrapper);
      }
    },
  };
}

exports.createCollectionsShim = createCollectionsShim;
