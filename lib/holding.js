'use strict';

/**
 * How something of the host's may be held to ask after it later: objects weakly, other values as they
 * are, a long text not at all.
 */

const { isProxy } = require('node:util').types;

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

/**
 * A property of an object of the host's, without running its code: no getter, and no trap of a proxy, which may have
 * been revoked.
 * @param {unknown} object
 * @param {PropertyKey} key
 * @returns {unknown}
 */
function ownValueOf(object, key) {
  if (!isObject(object) || isProxy(object)) return undefined;
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

exports.isHoldable = isHoldable;
exports.isObject = isObject;
exports.ownValueOf = ownValueOf;
