'use strict';

/**
 * V8's sampling heap profiler, through a session of the thread with itself. There is one such profiler
 * in an isolate: a second start is ignored in silence, and a stop ends it for all, so whoever uses this
 * asks first whether one runs already.
 */

/** Frames that V8 keeps of a stack: enough to reach the application from deep within a library. */
const STACK_FRAMES = 64;
/** An array of so many distances is not sampled one time in 160,000 … */
const MARKER_DISTANCES = 12;
/** … but where samples are very far apart memory counts for more: one in 55 at 4 MiB. */
const MAX_MARKER_BYTES = 2 ** 24;
const ELEMENT_BYTES = 8;

const nothing = () => {};

class HeapSampler {
  /** @throws {Error} where the inspector is not to be had */
  constructor() {
    /** Mean bytes between two samples; 0: somebody else's. */
    this.distance = 0;
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
   * When a string becomes a key, V8 refers it to the one string that it has of these letters, and its
   * scavenger then refers to that one whatever referred to the first: the sample too, which lives as
   * long as the key from then on. Each name that a parser cuts from its text would count for good, and
   * look like a leak. So the scavenger is told to leave such references alone, for good: the setting is
   * the process's, and a thread that stops cannot know whether another one samples.
   * @param {number} distance  mean bytes between two samples; 1: every object
   * @throws {Error}
   */
  start(distance) {
    require('node:v8').setFlagsFromString('--no-shortcut-strings-with-stack');
    const stackDepth = STACK_FRAMES;
    this.distance = distance;
    this.#post('HeapProfiler.startSampling', { samplingInterval: distance, stackDepth });
  }

  /** For whoever has one. */
  stop() {
    this.distance = 0;
    try {
      this.#post('HeapProfiler.stopSampling');
    } catch {
      // It has ended already.
    }
  }

  /**
   * What lives. Forces a full collection. With samples of our own the youngest of them was taken just
   * now, so that ordinals count what the host allocates, little of which may live.
   *
   * V8 forgets the shape of objects of which none has been there for two collections. What a service
   * at rest has none of are the entries of Node's `nextTick`, whose code is compiled for that shape, and
   * stays slow for good when it has to learn it a second time. So one is waiting while we collect.
   * @returns {import('./heap-profile').Profile}
   * @throws {Error} when none is running
   */
  read() {
    process.nextTick(nothing);
    const marker = this.#marker();
    const { profile } = this.#post('HeapProfiler.getSamplingProfile');
    // Until here it is no garbage.
    marker.length = 0;
    return profile;
  }

  close() {
    try {
      this.session.disconnect();
    } catch {
      // The inspector went first.
    }
  }

  #marker() {
    const bytes = Math.min(MARKER_DISTANCES * this.distance, MAX_MARKER_BYTES);
    return new Array(Math.ceil(bytes / ELEMENT_BYTES)).fill(0);
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
