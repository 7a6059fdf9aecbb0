'use strict';

/**
 * Learns that the host starts V8's sampling heap profiler through a session of its own, before it
 * does: there is one such profiler in an isolate, and the host's parameters must win over ours.
 *
 * Loading the inspector takes three milliseconds, so it is hooked once it has been loaded: by the host, or
 * by our own sampler, which begins at the first tick and has nothing to lose before.
 */

const { isLoaded } = require('../loaded');

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

  /** @param {any} original  of Node's promise form, which is a plain function */
  function createPromiseWrapper(original) {
    /**
     * @this {any}
     * @param {unknown} method
     */
    function wrapper(method) {
      if (method === 'HeapProfiler.startSampling') heapProfilerStarts();
      return Reflect.apply(original, this, arguments);
    }
    return wrapper;
  }

  return {
    name: 'inspector',
    samplers: [],
    isNeeded: () => limits.sampling && isLoaded('inspector'),
    install(patches) {
      patches.replace(require('node:inspector').Session.prototype, 'post', createWrapper);
      // Made of the other; loaded after it was hooked, it calls our wrapper already.
      if (isLoaded('inspector/promises')) {
        const { Session } = require('node:inspector/promises');
        patches.replace(Session.prototype, 'post', createPromiseWrapper);
      }
    },
  };
}

exports.createInspectorShim = createInspectorShim;
