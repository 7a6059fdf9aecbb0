'use strict';

/**
 * How something of the host's may be held to ask after it later: objects weakly, other values as they
 * are, a long text not at all.
 */

/** A key up to this length is held to ask the Map for it again. */
const MAX_HELD_STRING = 256;

/**
 * @param {unknown} value
 * @returns {value is object} whether it can be held weakly
 */
const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** @param {unknown} value */
const isHoldable = (value) => typeof value !== 'string' || value.length <= MAX_HELD_STRING;

exports.isHoldable = isHoldable;
exports.isObject = isObject;
