'use strict';

/**
 * Whether arrays can be iterated: `for of`, spread and destructuring ask their prototypes, and a host
 * may take away what they ask for, for a while or for good. Then our code looks away instead of
 * failing: in a Node.js 20 without it not even a warning can be printed.
 */

const arrayPrototype = Array.prototype;
const iteratorPrototype = Object.getPrototypeOf([][Symbol.iterator]());

/** Cheap enough for every call that a hook looks at. */
const arraysIterate = () =>
  typeof arrayPrototype[Symbol.iterator] === 'function' &&
  typeof iteratorPrototype.next === 'function';

exports.arraysIterate = arraysIterate;
