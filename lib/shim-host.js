'use strict';

/**
 * One shim with its patches, and the barrier between its failures and the host: the first one turns
 * the shim into a pass-through, puts back what can be put back, and is said once. What failed may be
 * what a host has done to the intrinsics, so the way out iterates over nothing.
 */

const diagnosticsChannel = require('node:diagnostics_channel');
const nodeModule = require('node:module');
const { warnOnce } = require('./errors');
const { PatchSet } = require('./patch');

class ShimHost {
  /**
   * @param {import('./shims').CreateShim} createShim
   * @param {import('./shims').Limits} limits
   * @param {(action: (run: import('./run').Run) => void) => void} record  runs an action of a hook on
   *   the present run, unless our own code is what was hooked
   * @param {Pick<import('./shims').Recorder, 'records' | 'recordsMade'>} asked
   */
  constructor(createShim, limits, record, asked) {
    this.patches = new PatchSet();
    this.failed = false;
    this.started = false;
    /** Whether all that it hooks is hooked. */
    this.complete = true;
    const fail = (/** @type {unknown} */ error) => this.#fail(error);
    /** @param {(run: import('./run').Run) => void} action */
    const guarded = (action) =>
      record((run) => {
        if (this.failed) return;
        try {
          action(run);
        } catch (error) {
          fail(error);
        }
      });
    /**
     * @template {unknown[]} Args
     * @param {(...args: Args) => boolean} question
     * @returns {(...args: Args) => boolean}
     */
    const answered = (question) =>
      function answer() {
        try {
          return Reflect.apply(question, undefined, arguments);
        } catch (error) {
          fail(error);
          return false;
        }
      };
    this.shim = createShim({
      limits,
      records: answered(asked.records),
      recordsMade: answered(asked.recordsMade),
      added: (...args) => guarded((run) => run.added(...args)),
      made: (...args) => guarded((run) => run.timerMade(...args)),
      heapProfilerStarts: () => guarded(({ survivors }) => survivors?.standAside()),
      opened: (...args) => guarded((run) => run.handleOpened(...args)),
      accepted: (...args) => guarded(({ handles }) => handles.accepted(...args)),
      removing: (...args) => guarded(({ registrations }) => registrations?.noteSize(...args)),
      pathOpened: (...args) => guarded((run) => run.pathOpened(...args)),
    });
  }

  get name() {
    return this.shim.name;
  }

  /** Whether the level has use for it. */
  get isNeeded() {
    return this.shim.isNeeded?.() ?? true;
  }

  start() {
    this.failed = false;
    if (!this.isNeeded) return;
    this.started = true;
    try {
      this.shim.install(this.patches);
      this.complete = this.shim.installLate?.(this.patches) ?? true;
      this.open();
      for (const { name, subscriber } of this.shim.channels ?? []) {
        diagnosticsChannel.subscribe(name, subscriber);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Hooks what another realm has of its own.
   * @param {PatchSet} patches  of that realm
   * @param {typeof globalThis} realm
   */
  adopt(patches, realm) {
    if (this.failed || !this.isNeeded) return;
    try {
      this.shim.installRealm?.(patches, realm);
    } catch (error) {
      warnOnce(`the hooks ${this.name} are off in a realm: ${error}`, 'LEAKGUARD_SHIM');
    }
  }

  /** Lets the samplers read their limits anew. */
  open() {
    if (this.failed) return;
    for (const sampler of this.shim.samplers) sampler.open();
  }

  /**
   * Starts what has come to be needed, and stops what is needed no more.
   * @returns {boolean} whether there was anything
   */
  adjust() {
    if (this.failed || this.isNeeded === this.started) return false;
    if (this.isNeeded) this.start();
    else this.stop();
    return true;
  }

  stop() {
    const { samplers, channels = [] } = this.shim;
    this.started = false;
    for (let at = 0; at < samplers.length; at += 1) samplers[at].close();
    for (let at = 0; at < channels.length; at += 1) {
      diagnosticsChannel.unsubscribe(channels[at].name, channels[at].subscriber);
    }
    this.patches.restore();
  }

  tick() {
    this.catchUp();
    for (const sampler of this.shim.samplers) sampler.tick();
  }

  /** Hooks what has been loaded meanwhile. */
  catchUp() {
    if (this.failed || !this.isNeeded) return;
    if (!this.started) this.start();
    else if (!this.complete) this.#installLate();
  }

  /** @returns {import('./patch').PatchState} */
  state() {
    return this.failed ? 'failed' : this.patches.state();
  }

  #installLate() {
    try {
      this.complete = this.shim.installLate?.(this.patches) ?? true;
      if (this.complete) nodeModule.syncBuiltinESMExports();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.failed = true;
    try {
      this.stop();
    } catch {
      // Not even that: what is left in place is asked for nothing any more.
    }
    warnOnce(`the hooks ${this.name} are off: ${error}`, 'LEAKGUARD_SHIM');
  }
}

exports.ShimHost = ShimHost;
