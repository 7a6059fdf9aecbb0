'use strict';

/**
 * Notes how many there were before something is taken away, while registrations are recorded: who adds as many
 * afterwards has put back what was there, as tests do that empty a shared store before each of them, or take a
 * listener off for a while. What a test has made itself is of no interest.
 */

const { EventEmitter } = require('node:events');
const { isObject } = require('../holding');
const { birthOf } = require('../order');

const { ownKeys } = Reflect;

/** @type {import('.').CreateShim} */
function createRemovalsShim({ removing, limits }) {
  /** @param {unknown} owner */
  const isShared = (owner) => isObject(owner) && birthOf(owner) < limits.latestMark;

  let mark = 0;
  /** What of each owner was noted last since that mark. @type {WeakMap<object, PropertyKey>} */
  let noted = new WeakMap();

  /**
   * Only the first removal since a mark tells how many there were.
   * @param {object} owner
   * @param {PropertyKey} part  of it
   */
  function isFirst(owner, part) {
    if (mark !== limits.latestMark) {
      mark = limits.latestMark;
      noted = new WeakMap();
    }
    if (noted.get(owner) === part) return false;
    noted.set(owner, part);
    return true;
  }

  /** @param {(this: any) => number} sizeOf */
  const wrapRemover = (sizeOf) => (/** @type {any} */ original) => {
    const { wrapper } = {
      /**
       * @this {any}
       * @param {unknown} _key
       */
      wrapper(_key) {
        if (isShared(this) && isFirst(this, 'entries')) note(this);
        return Reflect.apply(original, this, arguments);
      },
    };
    /** @param {any} collection */
    function note(collection) {
      let size = 0;
      try {
        size = sizeOf.call(collection);
      } catch {
        // Not one of them: the original says so in its own words.
      }
      if (size > 0) removing(collection, undefined, size);
    }
    return wrapper;
  };

  /**
   * @param {any} emitter
   * @param {PropertyKey} type
   */
  function noteListeners(emitter, type) {
    if (!isFirst(emitter, type)) return;
    const listeners = emitter._events?.[type];
    const size = typeof listeners === 'function' ? 1 : (listeners?.length ?? 0);
    if (size > 0) removing(emitter, type, size);
  }

  /** @param {any} original */
  function wrapRemoveListener(original) {
    /**
     * @this {any}
     * @param {PropertyKey} type
     * @param {unknown} _listener
     */
    function wrapper(type, _listener) {
      if (isShared(this)) noteListeners(this, type);
      return Reflect.apply(original, this, arguments);
    }
    return wrapper;
  }

  /** @param {any} original */
  function wrapRemoveAllListeners(original) {
    /**
     * @this {any}
     * @param {PropertyKey} [type]
     */
    function wrapper(type) {
      if (isShared(this)) {
        const all = arguments.length === 0 ? ownKeys(this._events ?? {}) : [type];
        for (const each of all) noteListeners(this, /** @type {PropertyKey} */ (each));
      }
      return Reflect.apply(original, this, arguments);
    }
    return wrapper;
  }

  /**
   * @param {import('../patch').PatchSet} patches
   * @param {typeof globalThis} realm
   */
  function installIn(patches, realm) {
    for (const { prototype } of [realm.Map, realm.Set]) {
      const sizeOf = /** @type {any} */ (Object.getOwnPropertyDescriptor(prototype, 'size')).get;
      patches.replace(prototype, 'clear', wrapRemover(sizeOf));
      patches.replace(prototype, 'delete', wrapRemover(sizeOf));
    }
  }

  return {
    name: 'removals',
    samplers: [],
    isNeeded: () => limits.latestMark > 0,
    install(patches) {
      const { prototype } = EventEmitter;
      patches.replace(prototype, 'removeListener', wrapRemoveListener);
      patches.replace(prototype, 'off', wrapRemoveListener);
      patches.replace(prototype, 'removeAllListeners', wrapRemoveAllListeners);
      installIn(patches, globalThis);
    },
    installRealm: installIn,
  };
}

exports.createRemovalsShim = createRemovalsShim;
