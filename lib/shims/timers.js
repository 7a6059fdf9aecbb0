'use strict';

/**
 * Timers, by the line that makes them. Callbacks are never wrapped and nothing is coerced: whether a
 * timer still lives is asked of the timer, so all ways of ending one are right (`clearTimeout` by
 * object, number or text, `close()`, `Symbol.dispose`, having fired).
 *
 * Intervals are all looked at up to the attention of a tick, timeouts and immediates mostly 1 in 128.
 * The promise forms end at their due time, with their signal or with their promise, whichever is
 * first. Whether the loop over a promise interval was left cannot be asked, so it counts once it has
 * outlived full collections.
 */

const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { epochMs } = require('../clock');
const { isObject, ownValueOf } = require('../holding');
const { Sampler } = require('../sampler');
const { DEEP_STACK_FRAMES, captureStack } = require('../stack');

/** @param {{ _destroyed?: boolean }} timer  a Timeout or an Immediate */
const isScheduled = (timer) => timer._destroyed !== true;

/**
 * When a timer ends by itself.
 * @param {string} what
 * @param {{ _idleTimeout?: number }} timer
 */
function dueMs(what, { _idleTimeout: ms = Number.POSITIVE_INFINITY }) {
  if (what === 'immediate') return 0;
  return what === 'timeout' ? ms : Number.POSITIVE_INFINITY;
}

/** Where the promise forms take their options. @type {Record<string, number>} */
const OPTIONS_AT = { timeout: 2, interval: 2, immediate: 1 };

/**
 * A settled promise stays referenced until it is collected, so its signal is asked as well.
 * @param {unknown} options  read without running a getter of the host
 * @param {number} due       epoch ms
 * @returns {() => boolean}
 */
function createIsPending(options, due) {
  const signal = ownValueOf(options, 'signal');
  // The host may have taken the class away. Weakly: a signal that has been collected will abort nothing.
  const isSignal = typeof AbortSignal === 'function' && signal instanceof AbortSignal;
  const ref = isSignal ? new WeakRef(signal) : null;
  return () => epochMs() < due && ref?.deref()?.aborted !== true;
}

/** @type {import('.').CreateShim} */
function createTimersShim({ made, recordsMade, limits }) {
  /**
   * @param {'intervals' | 'timeouts'} floor
   * @param {string} what
   * @param {number} share   of a tick's attention
   * @param {number} stride
   */
  const timerKind = (floor, what, share, stride) => ({
    what,
    floor: () => limits[floor].floor,
    sampler: new Sampler(() => ({ threshold: 0, attention: limits.attention * share, stride })),
  });
  const kinds = {
    setInterval: timerKind('intervals', 'interval', 1, 16),
    setTimeout: timerKind('timeouts', 'timeout', 1 / 16, 128),
    setImmediate: timerKind('timeouts', 'immediate', 1 / 64, 512),
  };

  /**
   * @param {typeof kinds['setTimeout']} kind
   * @param {unknown} timer
   * @param {Function} wrapper
   */
  function look({ what, floor, sampler }, timer, wrapper) {
    const weight = sampler.next();
    // Somebody may have patched the timers before us, to return numbers as browsers do.
    if (weight === 0 || !isObject(timer)) return;
    const recorded = recordsMade(dueMs(what, timer));
    if (!recorded && !limits.trends) return;
    const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
    made(timer, { what, floor: floor(), isLive: isScheduled, weight, below });
  }

  // Three wrappers of one shape: V8 compiles a function for its own variables, the original among
  // them, only while there is a single closure of it. What that saves here is within the noise.

  /** @param {any} original */
  function wrapSetTimeout(original) {
    const kind = kinds.setTimeout;
    const { sampler } = kind;
    /**
     * @this {any}
     * @param {unknown} callback
     * @param {unknown} delay
     */
    function wrapper(callback, delay) {
      const timer =
        arguments.length === 2
          ? original.call(this, callback, delay)
          : Reflect.apply(original, this, arguments);
      if (--sampler.skip < 0) look(kind, timer, wrapper);
      return timer;
    }
    return wrapper;
  }

  /** @param {any} original */
  function wrapSetInterval(original) {
    const kind = kinds.setInterval;
    const { sampler } = kind;
    /**
     * @this {any}
     * @param {unknown} callback
     * @param {unknown} delay
     */
    function wrapper(callback, delay) {
      const timer =
        arguments.length === 2
          ? original.call(this, callback, delay)
          : Reflect.apply(original, this, arguments);
      if (--sampler.skip < 0) look(kind, timer, wrapper);
      return timer;
    }
    return wrapper;
  }

  /** @param {any} original */
  function wrapSetImmediate(original) {
    const kind = kinds.setImmediate;
    const { sampler } = kind;
    /**
     * @this {any}
     * @param {unknown} callback
     */
    function wrapper(callback) {
      const timer =
        arguments.length === 1
          ? original.call(this, callback)
          : Reflect.apply(original, this, arguments);
      if (--sampler.skip < 0) look(kind, timer, wrapper);
      return timer;
    }
    return wrapper;
  }

  /**
   * @param {typeof kinds['setTimeout']} kind
   * @returns {(original: any) => (...args: any[]) => any}
   */
  const wrapPromise = ({ what, floor, sampler }) =>
    function createWrapper(original) {
      /**
       * @param {object} promise
       * @param {IArguments} args
       */
      function look(promise, args) {
        const weight = sampler.next();
        if (weight === 0 || !isObject(promise)) return;
        const delay = what === 'timeout' && typeof args[0] === 'number' ? args[0] : 0;
        const isLive =
          what === 'interval' ? null : createIsPending(args[OPTIONS_AT[what]], epochMs() + delay);
        const recorded = isLive !== null && recordsMade(delay);
        if (!recorded && !limits.trends) return;
        const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
        made(promise, { what, floor: floor(), isLive, weight, below });
      }
      /**
       * @this {any}
       * @param {unknown} _delay
       */
      function wrapper(_delay) {
        const promise = Reflect.apply(original, this, arguments);
        if (--sampler.skip < 0) look(promise, arguments);
        return promise;
      }
      return wrapper;
    };

  return {
    name: 'timers',
    samplers: Object.values(kinds).map(({ sampler }) => sampler),
    install(patches) {
      const wrapTimer = {
        setTimeout: wrapSetTimeout,
        setInterval: wrapSetInterval,
        setImmediate: wrapSetImmediate,
      };
      for (const name of /** @type {(keyof typeof kinds)[]} */ (Object.keys(kinds))) {
        patches.replace(timers, name, wrapTimer[name]);
        patches.replace(globalThis, name, wrapTimer[name]);
        patches.replace(timersPromises, name, wrapPromise(kinds[name]));
      }
    },
  };
}

exports.createTimersShim = createTimersShim;
