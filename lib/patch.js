'use strict';

/**
 * Replaces and restores properties; no other file does. A replacement is indistinguishable by
 * name, length, own keys and property descriptor. A wrapper brings its own syntax along: a function
 * for what people call with `new` too (`new fs.createReadStream()`, `new setInterval()`), a method for
 * what has no prototype. What it refuses to know: what a wrapper does.
 *
 * The danger is other people's patches. We restore a property only if our wrapper is still on top;
 * if somebody wrapped us, pulling it out would drop their patch with ours, so the wrapper stays
 * where it is (`buried`) and its shim, being closed, passes everything through.
 */

const {
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  ownKeys,
  setPrototypeOf,
} = Reflect;

/** @typedef {(...args: any[]) => any} AnyFunction */
/** @typedef {'on' | 'off' | 'buried' | 'failed'} PatchState */
/**
 * @typedef {object} Patch
 * @property {any} target
 * @property {PropertyKey} key
 * @property {PropertyDescriptor | undefined} descriptor  as it was before us
 * @property {AnyFunction} wrapper
 */

/** @param {Patch} patch */
function isOnTop({ target, key, wrapper }) {
  const current = getOwnPropertyDescriptor(target, key);
  return current?.value === wrapper || current?.set === wrapper;
}

/**
 * Gives `wrapper` the outside of `original`: every own property, with its descriptor, and the
 * prototype (an async generator function has one of its own).
 * @param {AnyFunction} wrapper
 * @param {AnyFunction} original
 */
function disguise(wrapper, original) {
  for (const key of ownKeys(original)) {
    const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(original, key));
    if (!defineProperty(wrapper, key, descriptor)) {
      throw new TypeError(`own property ${String(key)} of ${original.name} cannot be copied`);
    }
  }
  const prototype = getPrototypeOf(original);
  if (prototype !== getPrototypeOf(wrapper)) setPrototypeOf(wrapper, prototype);
}

/** The properties that one shim has replaced. */
class PatchSet {
  constructor() {
    /** @type {Patch[]} */
    this.patches = [];
    /**
     * One wrapper for one original, so that `on === addListener` stays true. Also after a restart: V8
     * compiles a function for its variables only while there is a single closure of it.
     * @type {WeakMap<AnyFunction, AnyFunction>}
     */
    this.wrappers = new WeakMap();
  }

  /**
   * @param {any} target
   * @param {PropertyKey} key
   * @param {(original: any) => AnyFunction} createWrapper
   * @throws {TypeError} when the property is not a function or refuses to be replaced
   */
  replace(target, key, createWrapper) {
    const buried = this.patches.find((patch) => patch.target === target && patch.key === key);
    if (buried !== undefined) return;
    const descriptor = getOwnPropertyDescriptor(target, key);
    const original = descriptor?.value;
    if (descriptor === undefined || typeof original !== 'function') {
      throw new TypeError(`${String(key)} is not a function of its own on the patched object`);
    }
    let wrapper = this.wrappers.get(original);
    if (wrapper === undefined) {
      wrapper = createWrapper(original);
      disguise(wrapper, original);
      this.wrappers.set(original, wrapper);
    }
    if (!defineProperty(target, key, { ...descriptor, value: wrapper })) {
      throw new TypeError(
        `${String(key)} cannot be replaced: the property or its object is frozen`,
      );
    }
    this.patches.push({ target, key, descriptor, wrapper });
  }

  /**
   * Learns of every object that is given a property which its prototype does not have: a setter there
   * makes the same property of the object's own that the assignment would have made.
   * @param {any} prototype
   * @param {PropertyKey} key
   * @param {(object: object) => void} notice
   * @throws {TypeError} when the prototype has it, or refuses
   */
  intercept(prototype, key, notice) {
    if (this.patches.some((patch) => patch.target === prototype && patch.key === key)) return;
    /**
     * @this {any}
     * @param {unknown} value
     */
    function wrapper(value) {
      const own = { value, writable: true, enumerable: true, configurable: true };
      defineProperty(this, key, own);
      notice(this);
    }
    const free = getOwnPropertyDescriptor(prototype, key) === undefined;
    if (!free || !defineProperty(prototype, key, { set: wrapper, configurable: true })) {
      throw new TypeError(`${String(key)} of a prototype cannot be intercepted`);
    }
    this.patches.push({ target: prototype, key, descriptor: undefined, wrapper });
  }

  /** Puts back what is still ours to put back. */
  restore() {
    this.patches = this.patches.filter((patch) => {
      const { target, key, descriptor } = patch;
      if (!isOnTop(patch)) return true;
      const restored =
        descriptor === undefined
          ? deleteProperty(target, key)
          : defineProperty(target, key, descriptor);
      return !restored;
    });
  }

  /** @returns {PatchState} `on` while every wrapper is on top */
  state() {
    if (this.patches.length === 0) return 'off';
    return this.patches.every(isOnTop) ? 'on' : 'buried';
  }
}

exports.PatchSet = PatchSet;
