/**
 * The heap as a whole. The heap in use is taken after full collections only: between them it rises
 * in every healthy program.
 */

const v8 = require('node:v8');
const { PerformanceObserver, constants } = require('node:perf_hooks');

/** Points kept of each meter's history; neighbours merge when it is full. */
const MAX_POINTS = 64;

class Meters {
  constructor() {
    /** Bytes in use after the last full collection; null before the first. @type {number | null} */
    this.heapAfterGcBytes = null;
    /** @type {[epochMs: number, heapUsedBytes: number][]} */
    this.history = [];
    this.stride = 1;
    this.ticks = 0;
    /** @type {PerformanceObserver | null} */
    this.observer = null;
  }

  start() {
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { detail } = /** @type {{ detail?: { kind: number } }} */ (entry);
        if (detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
          this.heapAfterGcBytes = v8.getHeapStatistics().used_heap_size;
        }
      }
    });
    this.observer.observe({ entryTypes: ['gc'] });
  }

  stop() {
    this.observer?.disconnect();
    this.observer = null;
  }

  /** @param {number} atMs */
  tick(atMs) {
    if (this.ticks++ % this.stride !== 0) return;
    this.history.push([atMs, v8.getHeapStatistics().used_heap_size]);
    if (this.history.length === MAX_POINTS) {
      this.history = this.history.filter((_, index) => index % 2 === 0);
      this.stride *= 2;
    }
  }

  /** The `meters` of a report. */
  read() {
    const heap = v8.getHeapStatistics();
    const memory = process.memoryUsage();
    /** @type {Record<string, number>} */
    const resources = {};
    for (const type of process.getActiveResourcesInfo())
      resources[type] = (resources[type] ?? 0) + 1;
    return {
      heapUsedBytes: heap.used_heap_size,
      heapAfterGcBytes: this.heapAfterGcBytes,
      heapLimitBytes: heap.heap_size_limit,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      rssBytes: memory.rss,
      resources,
      history: this.history,
    };
  }
}

exports.Meters = Meters;
