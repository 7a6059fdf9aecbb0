'use strict';

/**
 * What one start has built: the engine with its slots, who fills them, and their ticks. Dropped as a
 * whole by the next start. It knows nothing of hooks, warnings or the exit.
 */

const { CallSites } = require('./call-site');
const { epochMs, now } = require('./clock');
const { warnOnce } = require('./errors');
const { Handles, getActiveResourcesInfo } = require('./handles');
const { inFlight } = require('./in-flight');
const { isMainThread, threadId } = require('./loaded');
const { loadNative } = require('./native');
const { LEVELS } = require('./options');
const { SitePopulations } = require('./site-populations');
const { Slots, memoryLevel } = require('./slots');
const { Tracked } = require('./tracked');

// What only a tick, a report or an option needs is required then: most programs end before their first
// tick or never ask, and `node:v8` alone is a tenth of what leakguard adds to a start-up.

/** Subjects of the ledger; at most 4 MiB of native memory with all their history. */
const CAPACITY = 4096;
/** Call sites that may be captured per second, at 20 us each where the host works between them. */
const CAPTURES_PER_SECOND = 64;
/** However short the interval, so that a compressed run still learns its sites. */
const MIN_CAPTURES_PER_TICK = 32;
/** 24 births without a death, half of these, score 0.96: above the 0.95 that the verdict asks. */
const SAMPLES_PER_RECORD = 48;
/** Where nothing is recorded. */
const NOTHING = new Float64Array(0);
/** Notes in a report. */
const MAX_NOTES = 32;

/** @typedef {import('./options').Settings} Settings */
/** The hook, whose caller is meant; the stack above it, where what it saw is to be recorded. */
/** @typedef {Function | NodeJS.CallSite[]} Below */
/** @typedef {import('./slots').Holder & { what: 'heap' | 'external' | 'arrayBuffers' | 'rss', first: number | null }} Memory */

/**
 * What the hooks look at under these settings.
 * @param {Pick<Settings, 'level' | 'floors' | 'interval'>} settings
 * @param {number} [latestMark]  ordinal of the last mark; 0: registrations are not recorded
 * @returns {import('./shims').Limits}
 */
function limitsOf({ level, floors, interval }, latestMark = 0) {
  const exact = level === 'exact';
  const recording = latestMark > 0;
  const perTick = Math.max(MIN_CAPTURES_PER_TICK, (CAPTURES_PER_SECOND * interval) / 1000);
  // From the second listener on Node keeps a list; the first is no list to grow. A collection is
  // followed before it is large enough to be reported, so that its history is there when it is.
  const listeners = { floor: floors.listeners, threshold: exact ? 2 : floors.listeners };
  const collections = {
    floor: floors.collections,
    threshold: Math.ceil(floors.collections / (exact ? 10 : 4)),
  };
  return {
    listeners,
    collections,
    intervals: { floor: floors.intervals },
    timeouts: { floor: floors.timeouts },
    looksFrom: {
      listeners: recording ? 1 : listeners.threshold,
      collections: recording ? 0 : collections.threshold,
    },
    latestMark,
    births: recording,
    trends: true,
    attention: exact || recording ? Number.MAX_SAFE_INTEGER : Math.ceil(perTick),
    sampling: exact || level === 'survivors',
  };
}

/** What each level is lowered to when it costs too much; a level without one is kept. */
const LOWER = { exact: 'survivors', survivors: 'sites', sites: 'counts' };
/** Rounds put off in a row before the level is lowered. */
const MAX_PUT_OFF = 8;

/** From the first mark on. @type {typeof import('./marks') | undefined} */
let marks;

/** @param {string} message */
function warnMeter(message) {
  warnOnce(message, 'LEAKGUARD_METER');
}

/**
 * A start-up must never fail because of us, and without it nothing is taken for known.
 * @param {string | null} file
 */
function readBaseline(file) {
  if (file === null) return null;
  const { Baseline } = require('./baseline');
  try {
    return Baseline.read(file);
  } catch (error) {
    warnOnce(`${/** @type {Error} */ (error).message}; no finding is known`, 'LEAKGUARD_OPTION');
    return null;
  }
}

/** Whether nothing but its standard streams, or pipes like them, may keep the process from ending. */
function hasOnlyStreams() {
  try {
    return getActiveResourcesInfo().every((type) => type === 'PipeWrap' || type === 'TTYWrap');
  } catch {
    return false;
  }
}

class Run {
  /**
   * @param {Settings} settings
   * @param {import('./sampler').Sampler} sampler  of the hooks on Map and Set
   * @param {(action: () => void) => void} alone  runs our own code with the hooks looking away
   * @throws {import('./errors').LeakguardError} ERR_LEAKGUARD_NATIVE, ERR_LEAKGUARD_NODE
   */
  constructor(settings, sampler, alone) {
    const { Budget, Engine } = loadNative();
    const { attention, sampling } = limitsOf(settings);
    this.settings = settings;
    /** At most that of the settings. @type {import('./options').Level} */
    this.level = settings.level;
    /** @type {import('./report').Policy} */
    this.policy = { ignore: settings.ignore, baseline: readBaseline(settings.baseline) };
    /** What a reader of the report must know. @type {string[]} */
    this.notes = [];
    this.engine = new Engine(
      JSON.stringify({
        capacity: CAPACITY,
        patienceTicks: settings.patience,
        intervalMs: settings.interval,
        roundMs: settings.survivors.interval,
        startedAtMs: epochMs(),
      }),
    );
    this.slots = new Slots(this.engine, CAPACITY, settings.patience);
    this.native = { defineSite: (/** @type {string} */ site) => this.#defineSite(site) };
    this.sites = settings.level === 'counts' ? null : new CallSites(this.native);
    this.tracked = new Tracked({
      slots: this.slots,
      sites: this.sites,
      capturesPerTick: attention,
      samplesPerRecord: settings.level === 'exact' ? CAPACITY : SAMPLES_PER_RECORD,
      warn: (message) => warnOnce(message, 'LEAKGUARD_WATCH'),
    });
    this.timers = new SitePopulations({ kind: 'timers', slots: this.slots, sites: this.sites });
    this.budget = new Budget(settings.interval, settings.survivors.interval, now());
    /** Spent since the last tick. */
    this.unpaidMs = 0;
    /** Whether this is the process of a suite. */
    this.resting = false;
    /** Whether the level asks for samples. */
    this.sampling = sampling;
    /** From the first tick on. @type {import('./survivors').Survivors | null} */
    this.survivors = null;
    this.nextRoundAt = now() + settings.survivors.interval;
    this.roundsPutOff = 0;
    this.handles = new Handles({
      slots: this.slots,
      sites: this.sites,
      floor: settings.floors.handles,
      warn: warnMeter,
    });
    this.sampler = sampler;
    /** From the first mark on. @type {import('./registrations').Registrations | null} */
    this.registrations = null;
    /** Whether the host has set a mark. */
    this.isMarked = false;
    /** What was left since a mark, which the report at exit has too. @type {Map<import('./marks').Mark, import('..').Finding[]>} */
    this.kept = new Map();
    /** From the first tick on, where it is asked for. @type {import('./promises').Promises | null} */
    this.promises = null;
    this.watchesPromises = settings.promises;
    this.alone = alone;
    /** @type {import('./expectations').Expectations | null} */
    this.lazyExpectations = null;
    /** @type {import('./globals').Globals | null} */
    this.lazyGlobals = null;
    /** @type {import('./meters').Meters | null} */
    this.lazyMeters = null;
    /** @type {import('./holders').Holders | null} */
    this.lazyHolders = null;
    /** From the first tick on, where it is asked for. @type {import('./black-box').BlackBox | null} */
    this.blackBox = null;
    /** The heap, and what lies outside of it. Sums of bytes: suspects at most. */
    this.memory = ['heap', 'external', 'arrayBuffers', 'rss'].map(
      (what) => /** @type {Memory} */ ({ what, slot: -1, first: null, evicted() {} }),
    );
    /** Time spent in our own ticks and looks. */
    this.overhead = { cpuMs: 0, lastTickMs: 0, maxTickMs: 0 };
  }

  /**
   * Begins at the first mark to record what is registered.
   * @param {string} label
   * @param {boolean} owned
   */
  mark(label, owned) {
    // Every test has one, and each `require` takes twice as long as all the rest.
    marks ??= require('./marks');
    this.registrations ??= this.#createRegistrations(marks);
    const mark = new marks.Mark(label, owned, this);
    this.registrations.open(mark);
    return mark;
  }

  /** @param {typeof import('./marks')} marks */
  #createRegistrations({ currentMark }) {
    const { Registrations } = require('./registrations');
    return new Registrations({
      sites: this.sites,
      currentMark,
      say: (message) => this.note(message),
    });
  }

  /**
   * A suite is judged by what its tests leave. What would watch the heap and every promise for a trend
   * costs more than all that, and cannot tell one test from another.
   */
  restForSuite() {
    if (this.level !== 'counts' && this.level !== 'sites') this.#setLevel('sites');
    this.resting = true;
    const text = 'what each test leaves is recorded, and no trend is watched';
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  get isRecording() {
    return this.registrations !== null;
  }

  /** Forgets what was registered, and records no more until the next mark. */
  endRecording() {
    this.registrations = null;
  }

  /**
   * The heap's sampler is the scenario's until its end: there is one in an isolate.
   * @returns {import('./scenario-heap').ScenarioHeap | null} null where there is none to be had
   */
  beginScenario() {
    const { ScenarioHeap } = require('./scenario-heap');
    // Begun, so that no tick begins it meanwhile.
    this.beginSampling()?.lend();
    const heap = new ScenarioHeap(this.native);
    try {
      heap.start();
      return heap;
    } catch (error) {
      this.note(`check: V8's heap profiler cannot be had, heap objects are not watched: ${error}`);
      return null;
    }
  }

  /** @param {import('./scenario-heap').ScenarioHeap | null} heap */
  endScenario(heap) {
    heap?.stop();
    this.survivors?.start();
  }

  /**
   * A member was added to a population; see `Tracked.added`.
   * @param {import('./tracked').Population} population
   * @param {object} owner
   * @param {unknown} detail
   * @param {unknown} member
   * @param {number} weight
   * @param {Below} below
   */
  added(population, owner, detail, member, weight, below) {
    const { registrations } = this;
    const recorded = Array.isArray(below)
      ? registrations?.added(population, owner, detail, member, below)
      : undefined;
    if (!this.watchesTrends) return;
    const site = recorded && registrations?.siteOf(recorded);
    this.tracked.added(population, owner, detail, member, weight, below, site);
  }

  /**
   * @param {object} timer
   * @param {Parameters<SitePopulations['made']>[1] & { below: Below }} about
   */
  timerMade(timer, about) {
    const site = this.#record('timers', timer, about);
    if (this.watchesTrends) this.timers.made(timer, { ...about, site });
  }

  /**
   * @param {object} handle
   * @param {Parameters<Handles['made']>[1]} about
   */
  handleOpened(handle, about) {
    const site = this.#record('handles', handle, about);
    if (this.watchesTrends) this.handles.made(handle, { ...about, site });
  }

  /**
   * A path is opened.
   * @param {string} path
   * @param {unknown} result  of the opener: a descriptor, a stream, or nothing that tells
   * @param {Below} below  whose caller opens it
   * @param {Map<number, string> | null} before  files that were open, where the result does not tell
   */
  pathOpened(path, result, below, before) {
    if (this.watchesTrends) this.handles.opening(path, below);
    const { registrations } = this;
    if (registrations === null || !Array.isArray(below)) return;
    if (typeof result === 'object' && result !== null && 'destroyed' in result) {
      const isLive = (/** @type {{ destroyed: boolean }} */ stream) => !stream.destroyed;
      const about = { kind: 'handles', what: 'file', owner: 'file', isLive };
      registrations.made(result, about, below);
    } else {
      registrations.opening(
        path,
        typeof result === 'number' ? result : (before ?? new Map()),
        below,
      );
    }
  }

  /**
   * Records what is made.
   * @param {string} kind
   * @param {object} target
   * @param {{ what: string, isLive: ((target: any) => boolean) | null, below: Below }} about
   * @returns {number | undefined} where a trend needs it, the site that it was captured with; 0: nobody's
   *   of the host
   */
  #record(kind, target, { what, isLive, below }) {
    const { registrations } = this;
    if (registrations === null || isLive === null || !Array.isArray(below)) return undefined;
    const owner = kind === 'handles' ? what : '';
    const recorded = registrations.made(target, { kind, what, owner, isLive }, below);
    return recorded === undefined || !this.watchesTrends ? 0 : registrations.siteOf(recorded);
  }

  /** A suite is judged by what its tests leave, and its trend would tell nothing of them. */
  get watchesTrends() {
    return !(this.registrations?.ownedOnly ?? this.resting);
  }

  /**
   * Looks for what holds a leak, where the host allows it.
   * @param {import('..').Finding} finding
   */
  findHolder(finding) {
    if (this.settings.captures > 0 && this.sampling) this.holders.find(finding);
  }

  get holders() {
    if (this.lazyHolders === null) {
      const { Holders } = require('./holders');
      const note = (/** @type {string} */ text) => this.note(text);
      this.lazyHolders = new Holders({
        perDay: this.settings.captures,
        slots: this.slots,
        note,
      });
    }
    return this.lazyHolders;
  }

  get meters() {
    if (this.lazyMeters === null) {
      const { Meters } = require('./meters');
      this.lazyMeters = new Meters(warnMeter);
      this.engine.setHeapLimit(this.lazyMeters.heapLimitBytes);
    }
    return this.lazyMeters;
  }

  get globals() {
    if (this.lazyGlobals === null) {
      const { Globals } = require('./globals');
      const { slots, tracked, sampler } = this;
      this.lazyGlobals = new Globals({ slots, tracked, sampler, floors: this.settings.floors });
    }
    return this.lazyGlobals;
  }

  get expectations() {
    if (this.lazyExpectations === null) {
      const { Expectations } = require('./expectations');
      this.lazyExpectations = new Expectations({
        slots: this.slots,
        sites: this.sites,
        warn: warnMeter,
      });
    }
    return this.lazyExpectations;
  }

  /** @returns {{ event: string, finding: import('..').Finding }[]} what there is to tell */
  tick() {
    const { meters } = this;
    const at = epochMs();
    meters.beginTick(at);
    // First: what a WeakRef was asked for stays alive until the turn is over, and would survive the
    // round's own collection, and all that it holds with it.
    this.#sampleHeap();
    this.globals.tick();
    this.tracked.tick();
    this.timers.tick(meters.collections);
    this.handles.tick(meters.collections);
    this.lazyExpectations?.tick(meters.collections);
    if (this.watchesPromises) this.promises ??= this.#createPromises();
    this.promises?.tick(meters.collections);
    this.#openBlackBox();
    const recorded = this.#measureMemory();
    const waiting = this.engine.tick(this.slots.levels, at, meters.busyMs, recorded);
    this.blackBox?.tick();
    meters.endTick();
    return waiting > 0 ? JSON.parse(this.engine.takeEvents()) : [];
  }

  /** @param {number} ms  CPU time of our own */
  spend(ms) {
    this.overhead.cpuMs += ms;
    this.unpaidMs += ms;
  }

  /**
   * Once per tick.
   * @returns {boolean} false when watching at this level costs more than it may
   */
  pay() {
    const isAfforded = this.budget.pay(this.unpaidMs, now(), this.meters.busyMs);
    this.unpaidMs = 0;
    return isAfforded && this.roundsPutOff <= MAX_PUT_OFF;
  }

  /**
   * Watches one level lower from now on, to cost less.
   * @returns {boolean} false at the lowest that still watches
   */
  lower() {
    const { level } = this;
    const lower = /** @type {typeof level | undefined} */ (
      LOWER[/** @type {keyof typeof LOWER} */ (level)]
    );
    if (lower === undefined) return false;
    this.#setLevel(lower);
    this.budget.refill();
    this.roundsPutOff = 0;
    const share = `${(this.budget.share() * 100).toFixed(0)} % of one CPU`;
    const text = `level ${level} was lowered to ${lower}: it took more than ${share}`;
    // Many threads that are lowered together would each say the same.
    if (isMainThread()) this.note(text);
    else this.notes.push(text);
    return true;
  }

  /** @param {typeof this.level} level  a lower one */
  #setLevel(level) {
    const limits = limitsOf({ ...this.settings, level });
    if (!limits.sampling) this.#endSampling();
    if (this.level === 'exact') {
      this.watchesPromises = false;
      this.promises?.close();
    }
    if (level === 'counts') this.sites?.close();
    this.tracked.capturesPerTick = limits.attention;
    this.level = level;
  }

  /**
   * Says something about ourselves, once, and in every report.
   * @param {string} text
   */
  note(text) {
    if (this.notes.includes(text) || this.notes.length >= MAX_NOTES) return;
    this.notes.push(text);
    warnOnce(text, 'LEAKGUARD_LIMITED');
  }

  /** Brings every level up to date without a step in time. */
  observe() {
    this.tracked.observe();
    this.timers.observe();
    this.handles.observe();
    this.promises?.observe();
    this.engine.observe(this.slots.levels);
  }

  /**
   * @param {Record<string, string>} shims  state of each
   * @returns {import('..').ReportData}
   */
  report(shims) {
    return JSON.parse(this.engine.report(this.#context(shims, this.meters.read())));
  }

  /**
   * The report for those who count: without words, victims, evidence and history, in a third of the time.
   * @param {Record<string, string>} shims  state of each
   * @returns {import('..').ReportData}
   */
  reportInNumbers(shims) {
    const meters = { ...this.meters.read(), history: [] };
    return JSON.parse(this.engine.report(this.#context(shims, meters), true));
  }

  /**
   * On what was registered since a mark.
   * @param {Record<string, string>} shims  state of each
   * @param {object} leftovers
   * @param {'contract' | 'scenario'} leftovers.tier
   * @param {number} leftovers.since  epoch ms
   * @param {import('./registrations').Leftover[]} leftovers.parts
   * @returns {import('..').ReportData}
   */
  reportLeftovers(shims, leftovers) {
    const json = JSON.stringify({ ...leftovers, at: epochMs() });
    return JSON.parse(this.engine.reportLeftovers(json, this.#context(shims, this.meters.read())));
  }

  /**
   * @param {Record<string, string>} shims
   * @param {object} meters  as a report has them
   */
  #context(shims, meters) {
    return JSON.stringify({
      node: process.version,
      pid: process.pid,
      threadId: threadId(),
      at: epochMs(),
      level: this.level,
      meters,
      shims,
      notes: this.notes,
      overhead: this.overhead,
    });
  }

  /** @param {number} code  with which the process ends */
  exit(code) {
    this.blackBox?.close(code);
  }

  stop() {
    this.blackBox?.close(null);
    this.#endSampling();
    this.promises?.close();
    this.lazyMeters?.stop();
    this.budget.end();
    marks?.endAll();
  }

  #createPromises() {
    const { Promises } = require('./promises');
    const promises = new Promises({
      slots: this.slots,
      sites: this.sites,
      floor: this.settings.floors.promises,
      intervalMs: this.settings.interval,
      alone: this.alone,
      warn: warnMeter,
    });
    promises.open();
    return promises;
  }

  /**
   * Starts V8's sampler at the first tick, or when somebody asks for samples: what is allocated before is
   * what programs begin with, and a suite, which has no use for it, does not pay for its 40 ms.
   * @returns {import('./survivors').Survivors | null} null where there is none to be had
   */
  beginSampling() {
    if (!this.sampling || this.survivors !== null) return this.survivors;
    const { SampleDistance } = require('./sample-distance');
    const { Survivors } = require('./survivors');
    const { bytes, interval: roundMs } = this.settings.survivors;
    const survivors = new Survivors({
      slots: this.slots,
      native: this.native,
      distance: new SampleDistance(bytes, roundMs),
      roundMs,
      floorBytes: this.settings.floors.objectBytes,
      say: (message) => this.note(message),
    });
    if (survivors.start()) this.survivors = survivors;
    else this.sampling = false;
    return this.survivors;
  }

  #endSampling() {
    inFlight.end();
    this.sampling = false;
    this.survivors?.stop();
    this.survivors = null;
  }

  /** A round when one is due and can be paid. */
  #sampleHeap() {
    const survivors = this.beginSampling();
    if (survivors === null) return;
    const { interval } = this.settings;
    if (survivors.tick()) this.nextRoundAt = Math.min(this.nextRoundAt, now() + interval);
    const leftMs = () => this.nextRoundAt - now();
    if (inFlight.isOpen && leftMs() < interval / 2) {
      const begun = now();
      this.nextRoundAt = begun + this.settings.survivors.interval;
      if (this.budget.affords(survivors.roundCpuMs)) {
        this.roundsPutOff = 0;
        survivors.round();
      } else {
        this.roundsPutOff += 1;
      }
      // What V8 still has to do after a collection holds a process that is done, so rounds straight after
      // each other would hold it for good: as long as one takes there is none.
      if (hasOnlyStreams()) this.nextRoundAt = Math.max(this.nextRoundAt, 2 * now() - begun);
      inFlight.end();
    }
    // The tick after this one has a round.
    if (!inFlight.isOpen && leftMs() < 1.5 * interval) inFlight.begin();
  }

  /** Opens the recording at the first tick: most programs end before it. */
  #openBlackBox() {
    const { recorder, recorderSnapshot } = this.settings;
    if (recorder === null || this.blackBox !== null) return;
    const { BlackBox } = require('./black-box');
    this.blackBox = new BlackBox({
      engine: this.engine,
      where: recorder,
      snapshot: recorderSnapshot,
      level: this.level,
      say: (text) => this.note(text),
      note: (text) => this.notes.push(text),
    });
  }

  /** @returns {Float64Array} what is recorded of it */
  #measureMemory() {
    const { heapAfterGcBytes } = this.meters;
    const isRecorded = this.blackBox?.isOpen === true;
    if (heapAfterGcBytes === null && !isRecorded) return NOTHING;
    const memory = process.memoryUsage();
    // Between full collections what is external rises in every healthy program as the heap does.
    if (heapAfterGcBytes !== null) this.#followMemory(memory, heapAfterGcBytes);
    if (this.blackBox === null || !isRecorded) return NOTHING;
    return this.blackBox.read(memory, this.meters, this.overhead, LEVELS.indexOf(this.level));
  }

  /**
   * @param {NodeJS.MemoryUsage} usage
   * @param {number} heapAfterGcBytes
   */
  #followMemory({ external, arrayBuffers, rss }, heapAfterGcBytes) {
    const bytes = { heap: heapAfterGcBytes, external, arrayBuffers, rss };
    const floor = memoryLevel(this.settings.floors.heapBytes);
    for (const memory of this.memory) {
      const { what } = memory;
      const level = memoryLevel(bytes[what]);
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
      ...(this.lazyExpectations?.sitesInUse() ?? []),
      ...(this.promises?.sitesInUse() ?? []),
      ...(this.survivors?.sitesInUse() ?? []),
    ]);
    const freed = this.engine.sweepSites(inUse);
    this.sites?.frames.forget(freed);
    this.survivors?.forgetSites(freed);
    return this.engine.defineSite(site);
  }
}

exports.CAPACITY = CAPACITY;
exports.Run = Run;
exports.limitsOf = limitsOf;
