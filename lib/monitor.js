'use strict';

/**
 * Start, stop, report: wires everything else together, one per thread.
 *
 * What it guards: nothing that fails in here reaches the host. A shim that fails becomes a
 * pass-through, a tick that fails closes all of them, each is said once. While our own code runs
 * (`busy`), the hooks look away, since that code uses Maps and Sets too.
 */

const diagnosticsChannel = require('node:diagnostics_channel');
const fs = require('node:fs');
const nodeModule = require('node:module');
const { CallSites } = require('./call-site');
const { LeakguardError, inspectValue, warnOnce } = require('./errors');
const { loadNative } = require('./native');
const { parseBoolean, parseInteger, readOptions } = require('./options');
const { PatchSet } = require('./patch');
const { createReport, isIgnored } = require('./report');
const { createShims } = require('./shims');
const { SitePopulations } = require('./site-populations');
const { Slots } = require('./slots');
const { Tracked } = require('./tracked');
const { populationOf } = require('./watch');

// What only a tick or a report needs is required there: `node:worker_threads` alone is a tenth of what
// leakguard adds to a start-up.

// Taken now: test suites put fake timers in their place.
const { setInterval, clearInterval } = globalThis;

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
/** Exit code at findings at or above `failOn`. */
const EXIT_FINDINGS = 86;

/** @typedef {import('./options').Settings} Settings */
/** @typedef {import('..').Finding} Finding */

/**
 * What the host has asked to follow; it outlives a run, so that `start()` with other options keeps it.
 * @typedef {object} Watched
 * @property {string} name
 * @property {number | undefined} floor
 * @property {import('./tracked').Population} population
 * @property {WeakRef<object> | (() => unknown)} owner
 * @property {import('./tracked').Record | undefined} record  in the present run
 */

/** @param {Watched} watched */
const targetOf = ({ owner }) => (typeof owner === 'function' ? owner : owner.deref());

/** @param {() => void} stop */
function withDispose(stop) {
  return /** @type {import('..').Watch} */ (
    Symbol.dispose === undefined ? { stop } : { stop, [Symbol.dispose]: stop }
  );
}

/**
 * What one start has built; dropped as a whole by the next.
 * @typedef {object} Run
 * @property {Settings} settings
 * @property {import('../native/binding').Engine} engine
 * @property {Slots} slots
 * @property {CallSites | null} sites
 * @property {Tracked} tracked
 * @property {SitePopulations} timers
 * @property {import('./meters').Meters | null} meters  from the first tick or report on
 * @property {import('./slots').Holder} heap
 * @property {{ cpuMs: number, lastTickMs: number, maxTickMs: number }} overhead
 */

class Monitor {
  constructor() {
    /** @type {Run | null} */
    this.run = null;
    this.running = false;
    this.busy = false;
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {Set<(finding: Finding) => void>} */
    this.listeners = new Set();
    this.channel = diagnosticsChannel.channel('leakguard:finding');
    /** @type {Set<Watched>} */
    this.watches = new Set();
    /** At this size the watches of collected targets are dropped. */
    this.maxWatches = 256;
    this.limits = limitsOf(readOptions({}, {}));
    this.shims = createShims.map((createShim) => this.#host(createShim));
    const collections = this.shims.find(({ shim }) => shim.name === 'collections');
    this.collectionsSampler = /** @type {import('./sampler').Sampler} */ (
      collections?.shim.samplers[0]
    );
    this.exitListener = () => this.#atExit();
  }

  /**
   * @param {Partial<import('..').Options>} [options]
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
   */
  start(options) {
    if (this.running && options === undefined) return;
    const settings = readOptions(options, process.env, (message) => {
      warnOnce(message, 'LEAKGUARD_OPTION');
    });
    this.stop();
    const switchedOff = parseBoolean(process.env.LEAKGUARD) === false;
    if (settings.level === 'off' || switchedOff) return;
    try {
      this.run = createRun(settings);
    } catch (error) {
      warnOnce(/** @type {Error} */ (error).message, 'LEAKGUARD_NATIVE');
      return;
    }
    this.running = true;
    Object.assign(this.limits, limitsOf(settings));
    for (const shim of this.shims) shim.start();
    nodeModule.syncBuiltinESMExports();
    for (const watched of this.watches) this.#follow(watched);
    this.timer = setInterval(() => this.#tick(), settings.interval);
    this.timer.unref();
    if (settings.report !== null || settings.failOn !== null) {
      process.on('exit', this.exitListener);
    }
  }

  stop() {
    if (!this.running) return;
    this.running = false;
    clearInterval(this.timer);
    this.run?.meters?.stop();
    for (const shim of this.shims) shim.stop();
    nodeModule.syncBuiltinESMExports();
    process.off('exit', this.exitListener);
  }

  /** Forgets history and findings; hooks and watches stay. */
  reset() {
    this.run?.engine.reset(Date.now());
  }

  /** @param {Record<string, never>} [options] */
  report(options = {}) {
    const [unknown] = Object.keys(options);
    if (unknown !== undefined) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `report() does not know the option ${inspectValue(unknown)}: it takes none yet`,
      );
    }
    const run = this.run ?? createRun(readOptions({ level: 'off' }, {}));
    if (this.running) this.#alone(() => observe(run));
    return this.#createReport(run);
  }

  /**
   * @param {string} name
   * @param {any} target
   * @param {{ floor?: number }} [options]
   * @returns {import('..').Watch}
   */
  watch(name, target, options = {}) {
    if (typeof name !== 'string' || name === '') {
      throw new LeakguardError(
        'ERR_LEAKGUARD_TARGET',
        `watch() takes a name and a target; the name ${inspectValue(name)} is not a non-empty text`,
      );
    }
    const { floor: given, ...others } = options;
    const [unknown] = Object.keys(others);
    const floor = given === undefined ? undefined : parseInteger(given, 1, 2 ** 32 - 1);
    if (unknown !== undefined || (given !== undefined && floor === undefined)) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        unknown === undefined
          ? `watch(${inspectValue(name)}): floor ${inspectValue(given)} is not accepted; accepted is a whole number from 1`
          : `watch(${inspectValue(name)}): unknown option ${inspectValue(unknown)}; accepted is floor`,
      );
    }
    const population = populationOf(target, this.collectionsSampler);
    const owner = typeof target === 'function' ? target : new WeakRef(target);
    /** @type {Watched} */
    const watched = { name, floor, population, owner, record: undefined };
    if (this.watches.size >= this.maxWatches) {
      for (const other of this.watches)
        if (targetOf(other) === undefined) this.watches.delete(other);
      this.maxWatches = Math.max(this.maxWatches, 2 * this.watches.size);
    }
    this.watches.add(watched);
    this.#follow(watched);
    return withDispose(() => {
      this.watches.delete(watched);
      if (watched.record !== undefined) this.#alone(() => watched.record?.release());
    });
  }

  /**
   * Gives a watch its record in the present run.
   * @param {Watched} watched
   */
  #follow(watched) {
    const { run } = this;
    const target = targetOf(watched);
    if (run === null || !this.running || target === undefined) return;
    const { population, name, floor = run.settings.floors.watched } = watched;
    watched.record = this.#alone(() => run.tracked.watch(population, target, name, floor));
  }

  /**
   * @param {string} event  'finding'
   * @param {(finding: Finding) => void} listener
   */
  on(event, listener) {
    this.#checkListener(event, listener);
    this.listeners.add(listener);
  }

  /**
   * @param {string} event  'finding'
   * @param {(finding: Finding) => void} listener
   */
  off(event, listener) {
    this.#checkListener(event, listener);
    this.listeners.delete(listener);
  }

  /**
   * @param {string} event
   * @param {unknown} listener
   */
  #checkListener(event, listener) {
    if (event === 'finding' && typeof listener === 'function') return;
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      `on() and off() take 'finding' and a function, not ${inspectValue(event)} and ${inspectValue(listener)}`,
    );
  }

  /**
   * Runs our own code with the hooks looking away.
   * @template T
   * @param {() => T} action
   * @returns {T}
   */
  #alone(action) {
    const { busy } = this;
    this.busy = true;
    try {
      return action();
    } finally {
      this.busy = busy;
    }
  }

  /**
   * One shim with its patches, and the barrier between its failures and the host.
   * @param {import('./shims').CreateShim} createShim
   */
  #host(createShim) {
    const patches = new PatchSet();
    let failed = false;
    /** @param {unknown} error */
    const fail = (error) => {
      failed = true;
      for (const sampler of shim.samplers) sampler.close();
      patches.restore();
      warnOnce(`the hooks ${shim.name} are off: ${error}`, 'LEAKGUARD_SHIM');
    };
    /** @param {(run: Run) => void} action */
    const record = (action) => {
      const { run } = this;
      if (this.busy || run === null) return;
      this.busy = true;
      const start = performance.now();
      try {
        action(run);
      } catch (error) {
        fail(error);
      }
      run.overhead.cpuMs += performance.now() - start;
      this.busy = false;
    };
    const shim = createShim({
      limits: this.limits,
      added: (...args) => record(({ tracked }) => tracked.added(...args)),
      made: (...args) => record(({ timers }) => timers.made(...args)),
    });
    return {
      shim,
      start() {
        failed = false;
        try {
          shim.install(patches);
          for (const sampler of shim.samplers) sampler.open();
        } catch (error) {
          fail(error);
        }
      },
      stop() {
        for (const sampler of shim.samplers) sampler.close();
        patches.restore();
      },
      tick() {
        for (const sampler of shim.samplers) sampler.tick();
      },
      state: () => (failed ? 'failed' : patches.state()),
    };
  }

  #tick() {
    const { run } = this;
    if (run === null || !this.running) return;
    const start = performance.now();
    try {
      const events = this.#alone(() => tick(run));
      for (const shim of this.shims) shim.tick();
      for (const { event, finding } of events) {
        if (event !== 'recovered') this.#tell(run, finding);
      }
    } catch (error) {
      this.stop();
      warnOnce(`stopped after a failure of its own: ${error}`, 'LEAKGUARD_INTERNAL');
    }
    const lastTickMs = performance.now() - start;
    run.overhead.cpuMs += lastTickMs;
    run.overhead.lastTickMs = lastTickMs;
    run.overhead.maxTickMs = Math.max(run.overhead.maxTickMs, lastTickMs);
  }

  /**
   * @param {Run} run
   * @param {Finding} finding
   */
  #tell({ settings }, finding) {
    if (isIgnored(finding, settings.ignore, warnInternal)) return;
    if (settings.warn && finding.severity === 'leak') process.emitWarning(createWarning(finding));
    this.channel.publish(finding);
    for (const listener of this.listeners) {
      try {
        listener(finding);
      } catch (error) {
        warnInternal(`a listener of 'finding' threw: ${error}`);
      }
    }
  }

  /** @param {Run} run */
  #createReport(run) {
    const { engine, settings, overhead } = run;
    const shims = Object.fromEntries(this.shims.map(({ shim, state }) => [shim.name, state()]));
    const context = {
      node: process.version,
      pid: process.pid,
      threadId: workerThreads().threadId,
      at: Date.now(),
      level: settings.level,
      meters: metersOf(run).read(),
      shims,
      overhead,
    };
    return createReport(JSON.parse(engine.report(JSON.stringify(context))), settings, warnInternal);
  }

  /**
   * The objects of a program that ends are dead already, so the judgement is that of the last tick;
   * before the first, what stands now is all there is.
   */
  #atExit() {
    const { run } = this;
    if (run === null) return;
    const { settings } = run;
    try {
      if (run.tracked.ticks === 0) this.#alone(() => observe(run));
      const report = this.#createReport(run);
      if (settings.report !== null) writeReport(settings.report, report);
      const worst = settings.failOn === 'suspect' ? ['leak', 'suspect'] : ['leak'];
      const fails = settings.failOn !== null && worst.includes(report.verdict);
      if (fails && workerThreads().isMainThread && !process.exitCode)
        process.exitCode = EXIT_FINDINGS;
    } catch (error) {
      // The event loop is over: a process warning would not be printed any more.
      fs.writeSync(2, `leakguard: the report at exit failed: ${error}\n`);
    }
  }
}

/** @returns {typeof import('node:worker_threads')} */
function workerThreads() {
  return require('node:worker_threads');
}

/** @param {Run} run */
function metersOf(run) {
  if (run.meters === null) {
    const { Meters } = require('./meters');
    run.meters = new Meters();
  }
  return run.meters;
}

/** @param {string} message */
function warnInternal(message) {
  warnOnce(message, 'LEAKGUARD_INTERNAL');
}

/**
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

/**
 * @param {Settings} settings
 * @returns {Run}
 */
function createRun(settings) {
  const { Engine } = loadNative();
  const engine = new Engine(
    JSON.stringify({
      capacity: CAPACITY,
      patienceTicks: settings.patience,
      intervalMs: settings.interval,
      startedAtMs: Date.now(),
      heapLimitBytes: require('node:v8').getHeapStatistics().heap_size_limit,
    }),
  );
  const slots = new Slots(engine, CAPACITY);
  const { attention } = limitsOf(settings);
  const sites = settings.level === 'counts' ? null : new CallSites({ defineSite });
  const tracked = new Tracked({
    slots,
    sites,
    capturesPerTick: attention,
    samplesPerRecord: settings.level === 'exact' ? CAPACITY : SAMPLES_PER_RECORD,
    warn: warnInternal,
  });
  const timers = new SitePopulations({ kind: 'timers', slots, sites });

  /** @param {string} site */
  function defineSite(site) {
    const id = engine.defineSite(site);
    if (id !== 0) return id;
    const inUse = Uint32Array.from([...tracked.sitesInUse(), ...timers.sitesInUse()]);
    sites?.forget(engine.sweepSites(inUse));
    return engine.defineSite(site);
  }

  return {
    settings,
    engine,
    slots,
    sites,
    tracked,
    timers,
    meters: null,
    heap: { slot: -1, evicted() {} },
    overhead: { cpuMs: 0, lastTickMs: 0, maxTickMs: 0 },
  };
}

/**
 * Brings every level up to date without a step in time.
 * @param {Run} run
 */
function observe({ engine, slots, tracked, timers }) {
  tracked.observe();
  timers.observe();
  engine.observe(slots.levels);
}

/**
 * @param {Run} run
 * @returns {{ event: string, finding: Finding }[]}
 */
function tick(run) {
  const { engine, slots, tracked, timers, heap, settings } = run;
  const now = Date.now();
  const meters = metersOf(run);
  tracked.tick();
  timers.tick();
  meters.tick(now);
  if (meters.heapAfterGcBytes !== null) {
    const level = Math.round(meters.heapAfterGcBytes / KIB);
    const floor = Math.ceil(settings.floors.heapBytes / KIB);
    const subject = { kind: 'heap', what: 'heap', owner: 'heap', floor, level };
    if (heap.slot >= 0) slots.levels[heap.slot] = level;
    else slots.claim(heap, subject);
  }
  return engine.tick(slots.levels, now) > 0 ? JSON.parse(engine.takeEvents()) : [];
}

/** @param {Finding} finding */
function createWarning(finding) {
  const { kind, message, site } = finding;
  // The first line carries the code; what belongs to it is indented below.
  const warning = new Error(message.replaceAll('\n', '\n  '));
  const code = `LEAKGUARD_${kind === 'collections' ? 'COLLECTION' : kind.toUpperCase()}`;
  // With --trace-warnings Node prints the stack: the guilty line, not ours.
  const at =
    site === null ? '' : `\n    at ${site.function} (${site.file}:${site.line}:${site.column})`;
  const stack = `LeakWarning: ${warning.message}${at}`;
  return Object.assign(warning, { name: 'LeakWarning', code, stack, finding });
}

/**
 * @param {string} pattern  a path; `%p` stands for the pid, `%t` for the thread
 * @param {{ toString(): string }} report
 */
function writeReport(pattern, report) {
  const file = pattern
    .replaceAll('%p', String(process.pid))
    .replaceAll('%t', String(workerThreads().threadId));
  const json = JSON.stringify(report);
  const { renderReport } = loadNative();
  const text = file.endsWith('.json')
    ? `${json}\n`
    : renderReport(json, file.endsWith('.md') ? 'md' : 'text');
  fs.writeFileSync(file, text);
}

exports.Monitor = Monitor;
