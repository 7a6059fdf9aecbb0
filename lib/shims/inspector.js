'use strict';

/**
 * Learns that the host starts V8's sampling heap profiler through a session of its own, before it
 * does: there is one such profiler in an isolate, and the host's parameters must win over ours. Calls
 * through `node:inspector/promises` come here too, if that module was loaded after us.
 */

/** @type {import('.').CreateShim} */
function createInspectorShim({ heapProfilerStarts, limits }) {
  /** @param {any} original */
  function createWrapper(original) {
    const { wrapper } = {
      /**
       * @this {any}
       * @param {unknown} method
       * @param {unknown} _params
       * @param {unknown} _callback
       */
      wrapper(method, _params, _callback) {
        if (method === 'HeapProfiler.startSampling') heapProfilerStarts();
        return Reflect.apply(original, this, arguments);
      },
    };
    return wrapper;
  }

  return {
    name: 'inspector',
    samplers: [],
    // Loading the inspector costs a millisecond, so only those who sample pay it.
    isNeeded: () => limits.sampling,
    install(patches) {
      let inspector;
      try {
        inspector = require('node:inspector');
      } catch {
        // A Node.js without one: the survivors say so.
        return;
      }
      patches.replace(inspector.Session.prototype, 'post', createWrapper);
    },
  };
}

exports.createInspectorShim = createInspectorShim;
