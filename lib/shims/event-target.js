'use strict';

/**
 * Listeners of EventTarget, and so of AbortSignal, MessagePort and the rest. Calls cannot be
 * counted: a second addition of the same (type, listener, capture) is a no-op, `once` and `signal`
 * remove by themselves, and Node holds some listeners weakly. The size that Node keeps for itself is
 * read instead, under a symbol that is looked up by its description; where a release renames it, the
 * public `getEventListeners()` is asked, on samples only.
 */

const { getEventListeners } = require('node:events');
const { className, eventName } = require('../label');
const { Sampler } = require('../sampler');
const { DEEP_STACK_FRAMES, captureStack } = require('../stack');

const kEvents = Object.getOwnPropertySymbols(new EventTarget()).find(
  (symbol) => symbol.description === 'kEvents',
);

/**
 * @param {any} target
 * @param {string} type
 * @returns {number}
 */
function countListeners(target, type) {
  if (kEvents !== undefined) {
    const size = target[kEvents]?.get(type)?.size;
    return typeof size === 'number' ? size : 0;
  }
  return getEventListeners(target, type).length;
}

/** @type {import('.').CreateShim} */
function createEventTargetShim({ added, records, limits }) {
  const sampler = new Sampler(() => ({
    threshold: limits.looksFrom.listeners,
    attention: limits.attention,
    stride: 64,
  }));

  /** @type {import('../tracked').Population} */
  const listeners = {
    kind: 'listeners',
    sampler,
    limits: () => limits.listeners,
    describe: (target, type) => ({
      what: target instanceof AbortSignal ? 'AbortSignal' : 'EventTarget',
      owner: `${className(target, 'EventTarget')} ${eventName(type)}`,
    }),
    size: countListeners,
    contains: (target, type, members) => {
      /** @type {Set<unknown>} */
      const present = new Set(getEventListeners(target, type));
      return members.map((member) => present.has(member));
    },
  };

  /**
   * @param {any} target
   * @param {string} type
   * @param {unknown} listener
   * @param {number} weight
   * @param {Function} wrapper
   */
  function look(target, type, listener, weight, wrapper) {
    if (weight === 0) return;
    const recorded = records(target, type, listener);
    if (!recorded && !limits.trends) return;
    const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
    added(listeners, target, type, listener, weight, below);
  }

  /** @param {any} original */
  function createWrapper(original) {
    const { wrapper } = {
      /**
       * @this {any}
       * @param {string} type
       * @param {unknown} listener
       */
      wrapper(type, listener) {
        const before = kEvents === undefined ? 0 : this?.[kEvents]?.get(type)?.size;
        const result = Reflect.apply(original, this, arguments);
        if (kEvents === undefined) {
          if (typeof type === 'string' && --sampler.skip < 0) {
            look(this, type, listener, sampler.next(), wrapper);
          }
          return result;
        }
        const size = this?.[kEvents]?.get(type)?.size;
        // A second addition of the same changes nothing.
        if (size >= sampler.threshold && size !== before) {
          if (--sampler.skip < 0) look(this, type, listener, sampler.next(), wrapper);
          else if (size === sampler.threshold && --sampler.discoveries >= 0) {
            look(this, type, listener, 1, wrapper);
          }
        }
        return result;
      },
    };
    return wrapper;
  }

  return {
    name: 'eventTarget',
    samplers: [sampler],
    install: (patches) => patches.replace(EventTarget.prototype, 'addEventListener', createWrapper),
  };
}

exports.createEventTargetShim = createEventTargetShim;
exports.kEvents = kEvents;
