'use strict';

/**
 * How fast the process allocates, without a collection of our own: V8's GC profiler tells what was in
 * use before and after each collection. A busy server takes 4 % longer while it runs, so it runs for
 * two of the first ticks and one in ten, and only as long as somebody asks.
 */

const { GCProfiler, getHeapStatistics } = require('node:v8');

const STRIDE_TICKS = 10;
/** Of a stride. */
const WATCHED_TICK = 4;
/** What a process loads before its first tick is over. */
const FIRST_TICK = 2;

const usedBytes = () => getHeapStatistics().used_heap_size;

class AllocationRate {
  #ticks = 0;
  #usedBefore = 0;
  /** @type {GCProfiler | null} */
  #profiler = null;

  /** @returns {number | null} bytes per ms since the last tick; null where that was not watched */
  tick() {
    const measured = this.stop();
    this.#ticks += 1;
    if (this.#ticks === FIRST_TICK || this.#ticks % STRIDE_TICKS === WATCHED_TICK) {
      this.#usedBefore = usedBytes();
      this.#profiler = new GCProfiler();
      this.#profiler.start();
    }
    return measured;
  }

  /** @returns {number | null} as `tick()` */
  stop() {
    const profile = this.#profiler?.stop();
    this.#profiler = null;
    if (profile === undefined) return null;
    let allocated = 0;
    let used = this.#usedBefore;
    for (const { beforeGC, afterGC } of profile.statistics) {
      allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used);
      used = afterGC.heapStatistics.usedHeapSize;
    }
    allocated += Math.max(0, usedBytes() - used);
    return allocated / Math.max(1, profile.endTime - profile.startTime);
  }
}

exports.AllocationRate = AllocationRate;
