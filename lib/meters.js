'use strict';

/**
 * The heap as a whole. The heap in use is taken after full collections only: between them it rises
 * in every healthy program.
 *
 * A full collection is noticed by a symbol that nobody holds: V8 makes symbols in the old generation,
 * which no scavenge clears (since Node.js 26 scavenges clear young objects behind a
 * FinalizationRegistry). What is in use is read from the old generation's spaces when the registry
 * calls, in a task of its own soon after: a full collection leaves nothing in the young generation,
 * and what is made in between does not reach the old one at once.
 *
 * Other ways cost more than they tell: V8's GC profiler reads the statistics of all spaces around
 * every scavenge (4 % of a server's time), and a PerformanceObserver on `gc` queues immediates and
 * enters JavaScript under whatever domain is active.
 */

const { performance } = require('node:perf_hooks');
const v8 = require('node:v8');
const { cpuMs } = require('./clock');
const { getActiveResourcesInfo } = require('./handles');

/** Points kept of each meter's history; neighbours merge when it is full. */
const MAX_POINTS = 64;

/** Milliseconds for which the event loop has been busy since it began, waiting for a CPU among them. */
const activeMs = () => performance.eventLoopUtilization().active;

/** Bytes in use in the old generation. */
function oldGenerationBytes() {
  let bytes = 0;
  for (const { space_name, space_used_size } of v8.getHeapSpaceStatistics()) {
    if (!space_name.startsWith('new_')) bytes += space_used_size;
  }
  return bytes;
}

class Meters {
  /** @param {(message: string) => void} warn */
  constructor(warn) {
    this.warn = warn;
    /** Bytes in use after the last full collection; null before the first. @type {number | null} */
    this.heapAfterGcBytes = null;
    /** Full collections noticed so far. */
    this.collections = 0;
    /** Allocated once, so that snapshots of a host's heap do not tell of it as of something that grows. */
    this.historyMs = new Float64Array(MAX_POINTS);
    this.historyBytes = new Float64Array(MAX_POINTS);
    this.points = 0;
    this.stride = 1;
    this.ticks = 0;
    /**
     * Milliseconds for which the event loop worked between the last tick and this one. What it waits for
     * a CPU is the machine's load, and what other threads work is theirs.
     */
    this.busyMs = 0;
    this.activeBeforeMs = activeMs();
    this.cpuBeforeMs = cpuMs();
    this.heapLimitBytes = v8.getHeapStatistics().heap_size_limit;
    /** Whether the next full collection is waited for. */
    this.watching = false;
    /** null where there is none. @type {FinalizationRegistry<undefined> | null} */
    this.registry = null;
    this.#guarded(() => {
      this.registry = new FinalizationRegistry(() => this.#collected());
    });
  }

  /** The next tick starts again. */
  stop() {
    this.watching = false;
    this.#guarded(() => this.registry?.unregister(this));
  }

  /** @param {number} atMs */
  beginTick(atMs) {
    this.busyMs = Math.min(activeMs() - this.activeBeforeMs, cpuMs() - this.cpuBeforeMs);
    if (!this.watching) this.#watchNext();
    if (this.ticks++ % this.stride !== 0) return;
    this.historyMs[this.points] = atMs;
    this.historyBytes[this.points] = v8.getHeapStatistics().used_heap_size;
    this.points += 1;
    if (this.points === MAX_POINTS) this.#thinOut();
  }

  #thinOut() {
    this.points /= 2;
    this.stride *= 2;
    for (let point = 0; point < this.points; point++) {
      this.historyMs[point] = this.historyMs[2 * point];
      this.historyBytes[point] = this.historyBytes[2 * point];
    }
  }

  /** Our own work is no load of the host's. */
  endTick() {
    this.activeBeforeMs = activeMs();
    this.cpuBeforeMs = cpuMs();
  }

  #watchNext() {
    this.watching = true;
    this.#guarded(() => this.registry?.register(Symbol(), undefined, this));
  }

  /** Called by V8, soon after a full collection. */
  #collected() {
    if (!this.watching) return;
    this.collections += 1;
    this.#guarded(() => {
      this.heapAfterGcBytes = oldGenerationBytes();
    });
    this.#watchNext();
  }

  /**
   * Without collections there is no level of the heap, and no proof by collections; the rest goes on.
   * @param {() => void} action
   */
  #guarded(action) {
    try {
      action();
    } catch (error) {
      this.registry = null;
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
      history: Array.from({ length: this.points }, (_, point) => [
        this.historyMs[point],
        this.historyBytes[point],
      ]),
    };
  }
}

exports.Meters = Meters;
exports.oldGenerationBytes = oldGenerationBytes;
