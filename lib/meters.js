'use strict';

/**
 * The heap as a whole. The heap in use is taken after full collections only: between them it rises
 * in every healthy program.
 *
 * V8's GC profiler records each collection without a call into JavaScript. A PerformanceObserver on
 * `gc` would be simpler, but it is visible: it queues immediates, and it enters JavaScript under
 * whatever domain is active (two of Node's own tests fail under it).
 */

const { performance } = require('node:perf_hooks');
const v8 = require('node:v8');

/** Points kept of each meter's history; neighbours merge when it is full. */
const MAX_POINTS = 64;
/**
 * Collections read per tick, at about 15 us each. After a tick with more the profiler rests for as
 * many ticks as keep to this on average; a full collection missed then leaves the level as it was.
 */
const MAX_COLLECTIONS_PER_TICK = 32;

/** With longer ticks full collections are not read, and there is no verdict on the heap. */
const MAX_PROFILED_MS = 60_000;

// Taken before the host can replace it.
const getActiveResourcesInfo = process.getActiveResourcesInfo?.bind(process);

/** Milliseconds for which the event loop has been busy since it began. */
const busyMs = () => performance.eventLoopUtilization().active;

class Meters {
  /**
   * @param {number} intervalMs  between two ticks
   * @param {(message: string) => void} warn
   */
  constructor(intervalMs, warn) {
    this.warn = warn;
    /** The profiler's record grows until it is read. */
    this.profiles = intervalMs <= MAX_PROFILED_MS;
    /** Bytes in use after the last full collection; null before the first. @type {number | null} */
    this.heapAfterGcBytes = null;
    /** Full collections noticed so far. */
    this.collections = 0;
    /** @type {[epochMs: number, heapUsedBytes: number][]} */
    this.history = [];
    this.stride = 1;
    this.ticks = 0;
    /** Milliseconds for which the event loop was busy between the last tick and this one. */
    this.busyMs = 0;
    this.busyBeforeMs = busyMs();
    this.heapLimitBytes = v8.getHeapStatistics().heap_size_limit;
    /** null where there is none, or it has failed. @type {import('node:v8').GCProfiler | null} */
    this.profiler = null;
    this.#guarded(() => {
      this.profiler = new v8.GCProfiler();
    });
    /** Ticks for which the profiler still rests. */
    this.rest = 0;
  }

  /** The next tick starts again. */
  stop() {
    this.#guarded(() => this.profiler?.stop());
  }

  /** @param {number} atMs */
  beginTick(atMs) {
    this.busyMs = busyMs() - this.busyBeforeMs;
    this.#guarded(() => this.#readCollections());
    if (this.ticks++ % this.stride !== 0) return;
    this.history.push([atMs, v8.getHeapStatistics().used_heap_size]);
    if (this.history.length === MAX_POINTS) {
      this.history = this.history.filter((_, index) => index % 2 === 0);
      this.stride *= 2;
    }
  }

  /** Our own work is no load of the host's. */
  endTick() {
    this.busyBeforeMs = busyMs();
  }

  /** Reads what the profiler has seen since the last tick; the first tick starts it. */
  #readCollections() {
    const { profiler } = this;
    if (profiler === null) return;
    if (this.rest > 0) {
      this.rest -= 1;
      if (this.rest > 0) return;
    } else {
      const collections = profiler.stop()?.statistics ?? [];
      for (const { gcType, afterGC } of collections) {
        if (gcType !== 'MarkSweepCompact') continue;
        this.collections += 1;
        this.heapAfterGcBytes = afterGC.heapStatistics.usedHeapSize;
      }
      this.rest = Math.floor(collections.length / MAX_COLLECTIONS_PER_TICK);
    }
    if (this.rest === 0 && this.profiles) profiler.start();
  }

  /**
   * Without collections there is no level of the heap, and no proof by collections; the rest goes on.
   * @param {() => void} action
   */
  #guarded(action) {
    try {
      action();
    } catch (error) {
      this.profiler = null;
      this.warn(`garbage collections are not seen: ${error}`);
    }
  }

  /** @returns {Record<string, number>} */
  #resources() {
    /** @type {Record<string, number>} */
    const resources = {};
    try {
      for (const type of getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
    } catch (error) {
      this.warn(`active resources are not counted: ${error}`);
    }
    return resources;
  }

  /** The `meters` of a report. */
  read() {
    const heap = v8.getHeapStatistics();
    const memory = process.memoryUsage();
    return {
      heapUsedBytes: heap.used_heap_size,
      heapAfterGcBytes: this.heapAfterGcBytes,
      heapLimitBytes: heap.heap_size_limit,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      rssBytes: memory.rss,
      resources: this.#resources(),
      history: this.history,
    };
  }
}

exports.Meters = Meters;
