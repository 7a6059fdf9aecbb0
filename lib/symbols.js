'use strict';

/** The private slots of leakguard: every mark it leaves on an object it does not own. */

module.exports = {
  /**
   * On `process`, not enumerable: the instance that runs in this thread, so that a second copy of
   * the package (another version in another node_modules) uses it instead of hooking twice.
   */
  kInstance: Symbol.for('leakguard.instance'),
};
