'use strict';

/** Short names for the host's objects and event types, without running any of the host's code. */

/** What fits a warning's line; the ledger cuts at 96 bytes. */
const MAX_LABEL = 48;

/**
 * The name of an object's class, read from data properties only: a getter or a Proxy trap named
 * `constructor` would be the host's code.
 * @param {object} object
 * @param {string} otherwise
 */
function className(object, otherwise) {
  if (object === process) return 'process';
  for (let depth = 0, at = Object.getPrototypeOf(object); at !== null && depth < 4; depth += 1) {
    const made = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof made === 'function') {
      const name = Object.getOwnPropertyDescriptor(made, 'name')?.value;
      if (typeof name === 'string' && name !== '') return name.slice(0, MAX_LABEL);
    }
    at = Object.getPrototypeOf(at);
  }
  return otherwise;
}

/** @param {string | symbol} type */
function eventName(type) {
  const text = String(type);
  return `'${text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL)}…` : text}'`;
}

exports.className = className;
exports.eventName = eventName;
