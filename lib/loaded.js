'use strict';

/**
 * Which of its own modules Node has loaded already, and what follows from that. To ask by `require` would
 * load them: the inspector or `worker_threads` cost a start-up three milliseconds each.
 */

/** Node's own list, which grows. @type {string[] | undefined} */
const list = /** @type {any} */ (process).moduleLoadList;

/**
 * @param {string} name  without `node:`
 * @returns {boolean} true also where Node keeps no list: what is loaded for nothing only costs time
 */
const isLoaded = (name) => list?.includes(`NativeModule ${name}`) ?? true;

/** @returns {number} 0 on the main thread; every other one begins by loading `worker_threads` */
function threadId() {
  return isLoaded('worker_threads') ? require('node:worker_threads').threadId : 0;
}

const isMainThread = () =>
  !isLoaded('worker_threads') || require('node:worker_threads').isMainThread;

exports.isLoaded = isLoaded;
exports.isMainThread = isMainThread;
exports.threadId = threadId;
