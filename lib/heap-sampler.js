'use strict';

/**
 * V8's sampling heap profiler, through a session of the thread with itself. There is one such profiler
 * in an isolate: a second start is ignored in silence, and a stop ends it for all, so whoever uses this
 * asks first whether one runs already.
 */

/** Frames that V8 keeps of a stack: enough to reach the application from deep within a library. */
const STACK_FRAMES = 64;

class HeapSampler {
  /** @throws {Error} where the inspector is not to be had */
  constructor() {
    const { Session } = require('node:inspector');
    this.session = new Session();
    this.session.connect();
  }

  /** @returns {boolean} whether somebody's is running */
  isSampling() {
    try {
      this.read();
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {number} distance  mean bytes between two samples; 1: every object
   * @throws {Error}
   */
  start(distance) {
    const stackDepth = STACK_FRAMES;
    this.#post('HeapProfiler.startSampling', { samplingInterval: distance, stackDepth });
  }

  /** For whoever has one. */
  stop() {
    try {
      this.#post('HeapProfiler.stopSampling');
    } catch {
      // It has ended already.
    }
  }

  /**
   * What lives. Forces a full collection.
   * @returns {import('./heap-profile').Profile}
   * @throws {Error} when none is running
   */
  read() {
    return this.#post('HeapProfiler.getSamplingProfile').profile;
  }

  close() {
    try {
      this.session.disconnect();
    } catch {
      // The inspector went first.
    }
  }

  /**
   * Sessions of a thread with itself answer before `post` returns.
   * @param {string} method
   * @param {object} [params]
   * @returns {any}
   */
  #post(method, params) {
    /** @type {Error | null} */
    let failure = null;
    let answer;
    this.session.post(method, params, (error, result) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure;
    return answer;
  }
}

exports.HeapSampler = HeapSampler;
