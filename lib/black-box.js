'use strict';

/**
 * What is recorded of this thread while it runs, from the first tick on: the numbers of each tick, the end, and that
 * the heap came near its limit. How a recording is written is the addon's business.
 *
 * The limit that ends a process is that of the old generation. Where it was set by hand V8 counts the young generation on
 * top, up to 192 MiB, and a process with little memory would be dead long before it came near the sum. And from 80 % of it
 * on V8 ends a process whose collections yield little (`Heap::IsIneffectiveMarkCompact`), so that is where it is near.
 */

const fs = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const { resourceLimits } = require('node:worker_threads');
const { epochMs } = require('./clock');
const { oldGenerationBytes } = require('./meters');
const { openRecording, removeOldSnapshots, snapshotOf } = require('./recorder');
const { estimateSnapshot, mebibytes } = require('./snapshot-room');

/** Shares of the limit: from the first on the heap is near, below the second it no longer is. */
const NEAR = 0.8;
const FAR = 0.7;
/** A snapshot is so many times as large as the heap in use, at most. */
const SNAPSHOT_FACTOR = 2;
const MIB = 2 ** 20;

/** As text: `NODE_OPTIONS` has them too, and what the process was started with comes last. */
const OLD_SPACE = /--max[-_]old[-_]space[-_]size[= ](\d+)/g;

/** Bytes that the old generation may have. */
function oldGenerationLimit() {
  const { maxOldGenerationSizeMb } = resourceLimits;
  if (maxOldGenerationSizeMb !== undefined && maxOldGenerationSizeMb > 0) {
    return maxOldGenerationSizeMb * MIB;
  }
  const flags = [process.env.NODE_OPTIONS, ...process.execArgv].join(' ');
  const given = Number([...flags.matchAll(OLD_SPACE)].at(-1)?.[1]) * MIB;
  const whole = v8.getHeapStatistics().heap_size_limit;
  return given > 0 ? Math.min(given, whole) : whole;
}

class BlackBox {
  /** @type {string | null} */
  #file;

  /**
   * @param {object} options
   * @param {import('../native/binding').Engine} options.engine
   * @param {true | string} options.where
   * @param {boolean} options.snapshot  whether one is made when the heap comes near its limit
   * @param {string} options.level
   * @param {(text: string) => void} options.say
   * @param {(text: string) => void} options.note
   */
  constructor({ engine, where, snapshot, level, say, note }) {
    this.engine = engine;
    this.say = say;
    this.wantsSnapshot = snapshot;
    this.#file = openRecording(engine, { where, level, say, note });
    this.limit = oldGenerationLimit();
    this.isNear = false;
    /** What `Engine.tick` records, in its order. */
    this.meters = new Float64Array(10);
  }

  get isOpen() {
    return this.#file !== null;
  }

  /** The recording; null where there is none. */
  get file() {
    return this.#file;
  }

  /**
   * Before the tick is written.
   * @param {NodeJS.MemoryUsage} memory
   * @param {{ heapAfterGcBytes: number | null, heapLimitBytes: number }} heap
   * @param {{ cpuMs: number, lastTickMs: number, maxTickMs: number }} overhead
   * @param {number} level  from 0, which is off
   */
  read(memory, heap, overhead, level) {
    const { meters } = this;
    meters[0] = memory.heapUsed;
    meters[1] = heap.heapAfterGcBytes ?? Number.NaN;
    meters[2] = heap.heapLimitBytes;
    meters[3] = memory.external;
    meters[4] = memory.arrayBuffers;
    meters[5] = memory.rss;
    meters[6] = overhead.cpuMs;
    meters[7] = overhead.lastTickMs;
    meters[8] = overhead.maxTickMs;
    meters[9] = level;
    return meters;
  }

  /** After the tick is written. */
  tick() {
    const fault = this.engine.takeRecorderFault();
    if (fault !== null) {
      this.#file = null;
      this.say(`nothing is recorded any more: ${fault}`);
      return;
    }
    this.#watchLimit();
  }

  #watchLimit() {
    const share = this.meters[0] / this.limit;
    if (share < FAR) this.isNear = false;
    if (share < NEAR || this.isNear) return;
    // With garbage of the young generation on top the sum says little.
    const used = oldGenerationBytes();
    if (used < NEAR * this.limit) return;
    this.isNear = true;
    const at = epochMs();
    this.engine.recordNearLimit(at, used, this.limit);
    if (!this.wantsSnapshot) return;
    this.wantsSnapshot = false;
    const snapshot = this.#writeSnapshot();
    if (snapshot !== null) this.engine.recordNearLimit(at, used, this.limit, snapshot);
  }

  /** @returns {string | null} where it is; null where there is no room for one, which has been said */
  #writeSnapshot() {
    const file = snapshotOf(/** @type {string} */ (this.#file));
    const { used, needed, available } = estimateSnapshot();
    const size = used * SNAPSHOT_FACTOR;
    try {
      const { bavail, bsize } = fs.statfsSync(path.dirname(file));
      // The folder may be in memory.
      if (needed + size > available || size > bavail * bsize) {
        this.say(
          `no heap snapshot near the limit: it may take ${mebibytes(needed + size)} of memory, ${mebibytes(size)} of them in a file, and there are ${mebibytes(available)} and ${mebibytes(bavail * bsize)}`,
        );
        return null;
      }
      removeOldSnapshots(file);
      // Made first, so that nobody's is written over and no link is followed.
      fs.closeSync(fs.openSync(file, 'wx', 0o600));
      return v8.writeHeapSnapshot(file);
    } catch (error) {
      this.say(`no heap snapshot near the limit: ${/** @type {Error} */ (error).message}`);
      return null;
    }
  }

  /** @param {number | null} exitCode  null: the process goes on */
  close(exitCode) {
    if (!this.isOpen) return;
    this.#file = null;
    this.engine.closeRecorder(exitCode ?? undefined);
  }
}

exports.BlackBox = BlackBox;
