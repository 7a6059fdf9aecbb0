'use strict';

/**
 * What one start has built: the engine with its slots, who fills them, and their ticks. Dropped as a
 * whole by the next start. It knows nothing of hooks, warnings or the exit.
 */

const { CallSites } = require('./call-site');
const { epochMs } = require('./clock');
const { warnOnce } = require('./errors');
const { Expectations } = require('./expectations');
const { Globals } = require('./globals');
const { Handles } = require('./handles');
const { loadNative } = require('./native');
const { Promises } = require('./promises');
const { SitePopulations } = require('./site-populations');
const { Slots } = require('./slots');
const { Tracked } = require('./tracked');

// `node:worker_threads` and the meters are required when a tick or a report needs them: together they
// are a tenth of what leakguard adds to a start-up.

/** Subjects of the ledger; at most 4 MiB of native memory with all their history. */
const CAPACITY = 4096;
/** Call sites that may be captured per second, at 2-4 us each. */
const CAPTURES_PER_SECOND = 256;
/** However short the interval, so that a compressed run still learns its sites. */
const MIN_CAPTURES_PER_TICK = 32;
/** 24 births without a death, half of these, score 0.96: above the 0.95 that the verdict asks. */
const SAMPLES_PER_RECORD = 48;
/** The heap's slot counts in KiB, because levels are 32 bits wide. */
const KIB = 1024;

/** @typedef {import('./options').Settings} Settings */
/** @typedef {import('./slots').Holder & { what: 'heap' | 'external' | 'arrayBuffers' | 'rss', first: number | null }} Memory */

/**
 * What the hooks look at under these settings.
 * @param {Settings} settings
 * @returns {import('./shims').Limits}
 */
function limitsOf({ level, floors, interval }) {
  const exact = level === 'exact';
  const perTick = Math.max(MIN_CAPTURES_PER_TICK, (CAPTURES_PER_SECOND * interval) / 1000);
  return {
    // From the second listener on Node keeps a list; the first is no list to grow.
    listeners: { floor: floors.listeners, threshold: exact ? 2 : floors.listeners },
    collections: {
      floor: floors.collections,
      threshold: exact ? Math.ceil(floors.collections / 10) : floors.collections,
    },
    intervals: { floor: floors.intervals },
    timeouts: { floor: floors.timeouts },
    attention: exact ? Number.MAX_SAFE_INTEGER : Math.ceil(perTick),
  };
}

class Run {
  /**
   * @param {Settings} settings
   * @param {import('./sampler').Sampler} sampler  of the hooks on Map and Set
   * @param {(action: () => void) => void} alone  runs our own code with the hooks looking away
   * @throws {import('./errors').LeakguardError} ERR_LEAKGUARD_NATIVE, ERR_LEAKGUARD_NODE
   */
  constructor(settings, sampler, alone) {
    const { Engine } = loadNative();
    this.settings = settings;
    this.engine = new Engine(
      JSON.stringify({
        capacity: CAPACITY,
        patienceTicks: settings.patience,
        intervalMs: settings.interval,
        startedAtMs: epochMs(),
        heapLimitBytes: require('node:v8').getHeapStatistics().heap_size_limit,
      }),
    );
    this.slots = new Slots(this.engine, CAPACITY);
    this.sites =
      settings.level === 'counts'
        ? null
        : new CallSites({ defineSite: (site) => this.#defineSite(site) });
    this.tracked = new Tracked({
      slots: this.slots,
      sites: this.sites,
      capturesPerTick: limitsOf(settings).attention,
      samplesPerRecord: settings.level === 'exact' ? CAPACITY : SAMPLES_PER_RECORD,
      warn: (message) => warnOnce(message, 'LEAKGUARD_WATCH'),
    });
    this.timers = new SitePopulations({ kind: 'timers', slots: this.slots, sites: this.sites });
    this.handles = new Handles({
      slots: this.slots,
      sites: this.sites,
      floor: settings.floors.handles,
      warn: (message) => warnOnce(message, 'LEAKGUARD_METER'),
    });
    this.expectations = new Expectations({
      slots: this.slots,
      sites: this.sites,
      warn: (message) => warnOnce(message, 'LEAKGUARD_METER'),
    });
    this.globals = new Globals({
      slots: this.slots,
      tracked: this.tracked,
      sampler,
      floors: settings.floors,
    });
    this.promises = new Promises({
      slots: this.slots,
      sites: this.sites,
      floor: settings.floors.promises,
      intervalMs: settings.interval,
      alone,
      warn: (message) => warnOnce(message, 'LEAKGUARD_METER'),
    });
    if (settings.promises) this.promises.open();
    /** @type {import('./meters').Meters | null} */
    this.lazyMeters = null;
    /** The heap, and what lies outside of it. Sums of bytes: suspects at most. */
    this.memory = ['heap', 'external', 'arrayBuffers', 'rss'].map(
      (what) => /** @type {Memory} */ ({ what, slot: -1, first: null, evicted() {} }),
    );
    /** Time spent in our own ticks and looks. */
    this.overhead = { cpuMs: 0, lastTickMs: 0, maxTickMs: 0 };
  }

  /** @returns {import('./meters').Meters} */
  get meters() {
    if (this.lazyMeters === null) {
      const { Meters } = require('./meters');
      this.lazyMeters = new Meters(this.settings.interval, (message) =>
        warnOnce(message, 'LEAKGUARD_METER'),
      );
    }
    return this.lazyMeters;
  }

  /** @returns {{ event: string, finding: import('..').Finding }[]} what there is to tell */
  tick() {
    const now = epochMs();
    this.meters.tick(now);
    this.globals.tick();
    this.tracked.tick();
    this.timers.tick(this.meters.collections);
    this.handles.tick(this.meters.collections);
    this.expectations.tick(this.meters.collections);
    this.promises.tick(this.meters.collections);
    this.#measureMemory();
    const waiting = this.engine.tick(this.slots.levels, now);
    return waiting > 0 ? JSON.parse(this.engine.takeEvents()) : [];
  }

  /** Brings every level up to date without a step in time. */
  observe() {
    this.tracked.observe();
    this.timers.observe();
    this.handles.observe();
    this.promises.observe();
    this.engine.observe(this.slots.levels);
  }

  /**
   * @param {Record<string, string>} shims  state of each
   * @returns {import('..').ReportData}
   */
  report(shims) {
    const { threadId } = require('node:worker_threads');
    const context = {
      node: process.version,
      pid: process.pid,
      threadId,
      at: epochMs(),
      level: this.settings.level,
      meters: this.meters.read(),
      shims,
      overhead: this.overhead,
    };
    return JSON.parse(this.engine.report(JSON.stringify(context)));
  }

  stop() {
    this.promises.close();
    this.lazyMeters?.stop();
  }

  #measureMemory() {
    const { heapAfterGcBytes } = this.meters;
    // Between full collections what is external rises in every healthy program as the heap does.
    if (heapAfterGcBytes === null) return;
    const { external, arrayBuffers, rss } = process.memoryUsage();
    const bytes = { heap: heapAfterGcBytes, external, arrayBuffers, rss };
    const floor = Math.ceil(this.settings.floors.heapBytes / KIB);
    for (const memory of this.memory) {
      const { what } = memory;
      const level = Math.round(bytes[what] / KIB);
      memory.first ??= level;
      if (memory.slot >= 0) {
        this.slots.levels[memory.slot] = level;
      } else if (what === 'heap' || level >= memory.first + floor) {
        this.slots.claim(memory, { kind: 'heap', what, owner: what, floor, level });
      }
    }
  }

  /**
   * @param {string} site  JSON
   * @returns {number} its id; 0 when the table is full of sites in use
   */
  #defineSite(site) {
    const id = this.engine.defineSite(site);
    if (id !== 0) return id;
    const inUse = Uint32Array.from([
      ...this.tracked.sitesInUse(),
      ...this.timers.sitesInUse(),
      ...this.handles.sitesInUse(),
      ...this.expectations.sitesInUse(),
      ...this.promises.sitesInUse(),
    ]);
    this.sites?.forget(this.engine.sweepSites(inUse));
    return this.engine.defineSite(site);
  }
}

exports.Run = Run;
exports.limitsOf = limitsOf;
