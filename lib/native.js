'use strict';

/**
 * Loads the addon and says what to do when it is not there. The only file that requires `native/`.
 */

const { LeakguardError } = require('./errors');

/** The first supported major; older ones lack what the hooks rest on. */
const MIN_NODE_MAJOR = 20;

/** @type {typeof import('../native/binding') | undefined} */
let binding;

/**
 * @returns {typeof import('../native/binding')}
 * @throws {LeakguardError} ERR_LEAKGUARD_NATIVE when no binary fits this platform, ERR_LEAKGUARD_NODE
 *   when Node.js is too old
 */
function loadNative() {
  if (binding === undefined) {
    if (Number.parseInt(process.versions.node, 10) < MIN_NODE_MAJOR) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_NODE',
        `Node.js ${process.version} is not supported: ${MIN_NODE_MAJOR} or later is needed; nothing is watched`,
      );
    }
    try {
      binding = require('../native/binding.js');
    } catch (error) {
      const reason = isForbidden(error)
        ? 'native addons are switched off; start Node.js without --no-addons, or with --allow-addons where it has --permission'
        : `no native binary for ${process.platform}-${process.arch} could be loaded; reinstall leakguard on this ` +
          'machine, or build it from its repository with `npm run build` (needs Rust)';
      const message = `${reason}; until then nothing is watched`;
      throw new LeakguardError('ERR_LEAKGUARD_NATIVE', message, error);
    }
  }
  return /** @type {typeof import('../native/binding')} */ (binding);
}

/**
 * The loader tries several files, and tells of each by the cause of the next one's error.
 * @param {unknown} error
 */
function isForbidden(error) {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.message.includes('loading addons is disabled')) return true;
  }
  return false;
}

exports.loadNative = loadNative;
