'use strict';

/** The private slots of leakguard: every mark it leaves on an object it does not own. */

module.exports = {
  /**
   * On our diagnostics channel, not enumerable: the instance that runs in this thread, so that a
   * second copy of the package, or a test file with globals of its own, does not hook twice.
   */
  kInstance: Symbol.for('leakguard.instance'),
};
