'use strict';

/**
 * Timers, by the line that makes them. Callbacks are never wrapped and nothing is coerced: whether a
 * timer still lives is asked of the timer, so all ways of ending one are right (`clearTimeout` by
 * object, number or text, `close()`, `Symbol.dispose`, having fired).
 *
 * Intervals are all looked at up to the attention of a tick, timeouts and immediates mostly 1 in 128.
 * The promise forms end at their due time or with their promise, whichever is first.
 */

const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const { Sampler } = require('../sampler');

/** @param {{ _destroyed?: boolean }} timer  a Timeout or an Immediate */
const isScheduled = (timer) => timer._destroyed !== true;
/**
 * @param {unknown} _promise
 * @param {number} due
 */
const isBeforeDue = (_promise, due) => Date.now() < due;
const isReferenced = () => true;
/**
 * Somebody may have patched the timers before us, to return numbers as browsers do.
 * @param {unknown} made
 */
const isObject = (made) => typeof made === 'object' && made !== null;

/** @type {import('.').CreateShim} */
function createTimersShim({ made, limits }) {
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
   * @returns {(original: any) => (...args: any[]) => any}
   */
  const wrapTimer = ({ what, floor, sampler }) =>
    function createWrapper(original) {
      /** @param {object} timer */
      function look(timer) {
        const weight = sampler.next();
        if (weight === 0 || !isObject(timer)) return;
        made(timer, { what, floor: floor(), isLive: isScheduled, weight, below: wrapper });
      }
      const { wrapper } = {
        /**
         * @this {any}
         * @param {unknown} callback
         * @param {unknown} delay
         */
        wrapper(callback, delay) {
          const timer =
            arguments.length === 2
              ? original.call(this, callback, delay)
              : Reflect.apply(original, this, arguments);
          if (--sampler.skip < 0) look(timer);
          return timer;
        },
      };
      return wrapper;
    };

  /**
   * @param {typeof kinds['setTimeout']} kind
   * @returns {(original: any) => (...args: any[]) => any}
   */
  const wrapPromise = ({ what, floor, sampler }) =>
    function createWrapper(original) {
      /**
       * @param {object} promise
       * @param {unknown} delay
       */
      function look(promise, delay) {
        const weight = sampler.next();
        if (weight === 0 || !isObject(promise)) return;
        const isLive = what === 'interval' ? isReferenced : isBeforeDue;
        const due = Date.now() + (what === 'timeout' && typeof delay === 'number' ? delay : 0);
        made(promise, { what, floor: floor(), isLive, due, weight, below: wrapper });
      }
      const { wrapper } = {
        /**
         * @this {any}
         * @param {unknown} delay
         */
        wrapper(delay) {
          const promise = Reflect.apply(original, this, arguments);
          if (--sampler.skip < 0) look(promise, delay);
          return promise;
        },
      };
      return wrapper;
    };

  return {
    name: 'timers',
    samplers: Object.values(kinds).map(({ sampler }) => sampler),
    install(patches) {
      for (const name of /** @type {(keyof typeof kinds)[]} */ (Object.keys(kinds))) {
        const createWrapper = wrapTimer(kinds[name]);
        patches.replace(timers, name, createWrapper);
        patches.replace(globalThis, name, createWrapper);
        patches.replace(timersPromises, name, wrapPromise(kinds[name]));
      }
    },
  };
}

exports.createTimersShim = createTimersShim;
