'use strict';

/**
 * The one monitor of a thread, which starts with defaults and the environment when it is asked for first. A second copy
 * of the package hands out the first one's, so that nothing is hooked twice.
 */

const diagnosticsChannel = require('node:diagnostics_channel');
const { Monitor } = require('./monitor');
const { kInstance } = require('./symbols');

// An object of Node's own: where a test runner gives each file its own globals, `process` among them,
// this is one and the same, and so are the prototypes that we hook.
const host = /** @type {{ [kInstance]?: Monitor }} */ (
  /** @type {unknown} */ (diagnosticsChannel.channel('leakguard:finding'))
);

/** @returns {Monitor} */
function instance() {
  let monitor = host[kInstance];
  if (monitor === undefined) {
    monitor = new Monitor();
    Object.defineProperty(host, kInstance, { value: monitor, configurable: true });
    monitor.start();
  }
  return monitor;
}

exports.instance = instance;
