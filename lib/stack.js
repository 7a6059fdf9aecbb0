'use strict';

/**
 * The structured stack above a function. Nothing of it may survive the call that captures it: CallSite
 * objects hold receivers and functions.
 *
 * Costs 1.5-4 us where all is hot, ten times as much with cold caches, and a microsecond for each
 * optimized frame that lies between: capture close to the hook.
 */

const { captureStackTrace } = Error;

/** @type {NodeJS.CallSite[]} */
let captured = [];
/**
 * @param {unknown} _holder
 * @param {NodeJS.CallSite[]} callSites
 */
function keepCallSites(_holder, callSites) {
  captured = callSites;
}

/** Under `--frozen-intrinsics` Error cannot be configured, and no stack can be had. */
let isFrozen = false;
/** @returns {boolean} whether a capture has failed for that */
const stacksAreFrozen = () => isFrozen;

/**
 * @param {Function} below  left out, as is all that it has called
 * @param {number} limit    frames
 * @returns {NodeJS.CallSite[]} empty where there is nobody, or `stacksAreFrozen()`
 */
function captureStack(below, limit) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  captured = [];
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = keepCallSites;
    const holder = { stack: undefined };
    captureStackTrace(holder, below);
    // Reading the property is what runs prepareStackTrace.
    void holder.stack;
  } catch {
    // No site is better than an exception in the host.
    isFrozen = true;
  } finally {
    try {
      Error.stackTraceLimit = stackTraceLimit;
      Error.prepareStackTrace = prepareStackTrace;
    } catch {
      // The same frozen Error, which therefore was never changed.
    }
  }
  const result = captured;
  captured = [];
  return result;
}

/** V8's own heap profiler keeps as many. */
const DEEP_STACK_FRAMES = 16;

exports.DEEP_STACK_FRAMES = DEEP_STACK_FRAMES;
exports.captureStack = captureStack;
exports.stacksAreFrozen = stacksAreFrozen;
