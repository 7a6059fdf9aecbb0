'use strict';

/**
 * One shim with its patches, and the barrier between its failures and the host: the first one turns
 * the shim into a pass-through, puts back what can be put back, and is said once.
 */

const { warnOnce } = require('./errors');
const { PatchSet } = require('./patch');

class ShimHost {
  /**
   * @param {import('./shims').CreateShim} createShim
   * @param {import('./shims').Limits} limits
   * @param {(action: (run: import('./run').Run) => void) => void} record  runs an action of a hook on
   *   the present run, unless our own code is what was hooked
   */
  constructor(createShim, limits, record) {
    this.patches = new PatchSet();
    this.failed = false;
    /** @param {(run: import('./run').Run) => void} action */
    const guarded = (action) =>
      record((run) => {
        try {
          action(run);
        } catch (error) {
          this.#fail(error);
        }
      });
    this.shim = createShim({
      limits,
      added: (...args) => guarded(({ tracked }) => tracked.added(...args)),
      made: (...args) => guarded(({ timers }) => timers.made(...args)),
      heapProfilerStarts: () => guarded(({ survivors }) => survivors?.standAside()),
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
    try {
      this.shim.install(this.patches);
      this.open();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Lets the samplers read their limits anew. */
  open() {
    if (this.failed) return;
    for (const sampler of this.shim.samplers) sampler.open();
  }

  stop() {
    for (const sampler of this.shim.samplers) sampler.close();
    this.patches.restore();
  }

  tick() {
    for (const sampler of this.shim.samplers) sampler.tick();
  }

  /** @returns {import('./patch').PatchState} */
  state() {
    return this.failed ? 'failed' : this.patches.state();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.failed = true;
    this.stop();
    warnOnce(`the hooks ${this.name} are off: ${error}`, 'LEAKGUARD_SHIM');
  }
}

exports.ShimHost = ShimHost;
