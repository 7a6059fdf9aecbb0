'use strict';

/**
 * Listeners of EventEmitter: `on`, `addListener` (one function), `prependListener`; the `once`
 * forms call these. Removal is not hooked: sizes are asked of the emitter. Also counts the event
 * names of an emitter, for those who listen under a new name for every request.
 */

const { EventEmitter } = require('node:events');
const { inFlight } = require('../in-flight');
const { className, eventName } = require('../label');
const { birthOf, noteBirth } = require('../order');
const { Sampler } = require('../sampler');
const { DEEP_STACK_FRAMES, captureStack } = require('../stack');

/** An emitter has its kinds of events from its class; names by the dozen are data. */
const NAMES_PER_LISTENERS = 4;

/** Tells the population of an emitter's event names from those of its events. */
const kNames = Symbol('event names');

/**
 * @param {any} emitter
 * @param {string | symbol} type
 * @returns {readonly unknown[]}
 */
function listenersOf(emitter, type) {
  const list = emitter._events?.[type];
  if (list === undefined) return [];
  return typeof list === 'function' ? [list] : list;
}

/** @type {import('.').CreateShim} */
function createEventEmitterShim({ added, records, limits }) {
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
    describe: (emitter, type) => ({
      what: 'EventEmitter',
      owner: `${className(emitter, 'EventEmitter')} ${eventName(type)}`,
    }),
    size: (emitter, type) => listenersOf(emitter, type).length,
    contains: (emitter, type, members) => {
      const present = new Set(listenersOf(emitter, type));
      return members.map((member) => present.has(member));
    },
  };

  /** @type {import('../tracked').Population} */
  const names = {
    kind: 'listeners',
    sampler,
    limits: () => ({
      floor: limits.listeners.floor * NAMES_PER_LISTENERS,
      threshold: limits.listeners.threshold * NAMES_PER_LISTENERS,
    }),
    describe: (emitter) => ({
      what: 'EventEmitter',
      owner: `${className(emitter, 'EventEmitter')} (event names)`,
    }),
    size: (emitter) => emitter._eventsCount ?? 0,
    contains: (emitter, _detail, members) =>
      members.map((name) => emitter._events?.[/** @type {string} */ (name)] !== undefined),
  };

  /**
   * Whether an addition is anything to tell: most emitters have few listeners, and are soon gone.
   * @param {any} emitter
   * @param {string | symbol} type
   */
  const matters = (emitter, type) =>
    birthOf(emitter) < limits.latestMark ||
    listenersOf(emitter, type).length >= limits.listeners.threshold ||
    emitter._eventsCount >= limits.listeners.threshold;

  /**
   * @param {any} emitter
   * @param {string | symbol} type
   * @param {unknown} listener
   * @param {number} weight
   * @param {Function} wrapper
   */
  function look(emitter, type, listener, weight, wrapper) {
    if (weight === 0 || !matters(emitter, type)) return;
    const recorded = records(emitter, type, listener);
    if (!recorded && !limits.trends) return;
    if (limits.trends) added(names, emitter, kNames, type, weight, wrapper);
    const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
    added(listeners, emitter, type, listener, weight, below);
  }

  /**
   * @param {any} emitter
   * @param {string | symbol} type
   * @param {unknown} listener
   * @param {Function} wrapper
   */
  function check(emitter, type, listener, wrapper) {
    const events = emitter?._events;
    if (events === undefined) return;
    if (inFlight.wanted > 0) inFlight.keep(emitter);
    const list = events[type];
    if (
      (typeof list === 'object' && list.length >= sampler.threshold) ||
      emitter._eventsCount >= sampler.threshold
    ) {
      if (--sampler.skip < 0) {
        look(emitter, type, listener, sampler.next(), wrapper);
      } else if (list?.length === sampler.threshold && --sampler.discoveries >= 0) {
        look(emitter, type, listener, 1, wrapper);
      }
    }
  }

  /**
   * What was mixed with an emitter, as Express's applications are, is met at its first listener.
   * @param {any} emitter
   */
  function noteFirstListener(emitter) {
    if (limits.births && emitter?._events === undefined) noteBirth(emitter);
  }

  /** @param {any} original */
  function wrapAddListener(original) {
    /**
     * @this {any}
     * @param {string | symbol} type
     * @param {unknown} listener
     */
    function wrapper(type, listener) {
      noteFirstListener(this);
      // A direct call costs half of Reflect.apply, and two arguments are what everybody passes.
      const result =
        arguments.length === 2
          ? original.call(this, type, listener)
          : Reflect.apply(original, this, arguments);
      check(this, type, listener, wrapper);
      return result;
    }
    return wrapper;
  }

  /** @param {any} original */
  function wrapPrependListener(original) {
    /**
     * @this {any}
     * @param {string | symbol} type
     * @param {unknown} listener
     */
    function wrapper(type, listener) {
      noteFirstListener(this);
      const result = Reflect.apply(original, this, arguments);
      check(this, type, listener, wrapper);
      return result;
    }
    return wrapper;
  }

  return {
    name: 'eventEmitter',
    samplers: [sampler],
    install(patches) {
      const { prototype } = EventEmitter;
      patches.replace(prototype, 'addListener', wrapAddListener);
      patches.replace(prototype, 'on', wrapAddListener);
      patches.replace(prototype, 'prependListener', wrapPrependListener);
    },
  };
}

exports.createEventEmitterShim = createEventEmitterShim;
