'use strict';

/**
 * Start, stop, tick, report: wires everything else together, one per thread. What tests ask of it is
 * `lib/contract.js`.
 *
 * What it guards: nothing that fails in here reaches the host. A shim that fails becomes a
 * pass-through, a tick that fails closes all of them, each is said once. While our own code runs
 * (`busy`), the hooks look away, since that code uses Maps and Sets too.
 */

const diagnosticsChannel = require('node:diagnostics_channel');
const fs = require('node:fs');
const nodeModule = require('node:module');
const {
  LeakguardError,
  checkCount,
  inspectValue,
  refuseOthers,
  refusedValue,
  warnInternal,
  warnOnce,
} = require('./errors');
const { isObject } = require('./holding');
const { arraysIterate } = require('./iterators');
const { threadId } = require('./loaded');
const { parseBoolean, parseInteger, readOptions } = require('./options');
const { PatchSet } = require('./patch');
const { CAPACITY, Run, limitsOf } = require('./run');
const { ShimHost } = require('./shim-host');
const { createShims } = require('./shims');
const { isUncollected } = require('./site-populations');
const { Watches, populationOf } = require('./watch');

// What only a finding, a report or a mark needs is required then: each file costs a start-up a third of a millisecond.

// Taken now: test suites put fakes in the place of the globals, and hosts do worse.
const { setInterval, clearInterval } = require('node:timers');
const { cpuMs, epochMs, now } = require('./clock');

/** @typedef {import('..').Finding} Finding */

/** @param {import('..').Frame} frame */
const placeOf = ({ file, line, column }) => `${file}:${line}:${column}`;

/** @param {() => void} stop */
function withDispose(stop) {
  return /** @type {import('..').Watch} */ (
    Symbol.dispose === undefined ? { stop } : { stop, [Symbol.dispose]: stop }
  );
}

// By this name heap snapshots know what is ours (src/heap/owners.rs).
class LeakguardMonitor {
  constructor() {
    /** @type {Run | null} */
    this.run = null;
    /** For reports while there is none. @type {Run | null} */
    this.idleRun = null;
    this.running = false;
    this.busy = false;
    /** Where something is asked for when the process ends. @type {import('./at-exit').AtExit | null} */
    this.atExit = null;
    /** From the first mark on. @type {import('./contract').Contract | null} */
    this.lazyContract = null;
    /** @type {NodeJS.Timeout | undefined} */
    this.timer = undefined;
    /** @type {Set<(finding: Finding) => void>} */
    this.listeners = new Set();
    /** Only under `leakguard run`. @type {import('./remote').Remote | null} */
    this.remote = null;
    this.channel = diagnosticsChannel.channel('leakguard:finding');
    this.watches = new Watches();
    /** Other realms whose intrinsics are hooked. @type {Map<typeof globalThis, PatchSet>} */
    this.realms = new Map();
    this.limits = limitsOf(readOptions({}, {}));
    const record = (/** @type {(run: Run) => void} */ action) => this.#record(action);
    /** @type {Pick<import('./shims').Recorder, 'records' | 'recordsMade'>} */
    const asked = {
      records: (owner, detail, member) =>
        !this.busy && this.run?.registrations?.wants(owner, detail, member) === true,
      recordsMade: (dueMs) => !this.busy && this.run?.registrations?.wantsMade(dueMs) === true,
    };
    this.shims = createShims.map(
      (createShim) => new ShimHost(createShim, this.limits, record, asked),
    );
    const collections = this.shims.find(({ name }) => name === 'collections');
    this.collectionsSampler = /** @type {import('./sampler').Sampler} */ (
      collections?.shim.samplers[0]
    );
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
      this.begin(settings);
    } catch (error) {
      warnOnce(/** @type {Error} */ (error).message, 'LEAKGUARD_NATIVE');
    }
  }

  /**
   * @param {import('./options').Settings} settings
   * @throws {LeakguardError} ERR_LEAKGUARD_NATIVE, ERR_LEAKGUARD_NODE
   */
  begin(settings) {
    this.run = this.#createRun(settings);
    this.remote = null;
    this.running = true;
    Object.assign(this.limits, limitsOf(settings));
    for (const shim of this.shims) shim.start();
    this.#adoptRealms();
    nodeModule.syncBuiltinESMExports();
    for (const watched of this.watches.all) this.#follow(watched);
    this.timer = setInterval(() => this.#tick(), settings.interval);
    this.timer.unref();
    this.atExit = this.#createAtExit(this.run);
    this.atExit?.listen();
  }

  stop() {
    if (!this.running) return;
    this.running = false;
    clearInterval(this.timer);
    this.run?.stop();
    // Without iterators: a host may have broken them, and this is the way out.
    for (let at = 0; at < this.shims.length; at += 1) this.shims[at].stop();
    this.realms.forEach((patches) => {
      patches.restore();
    });
    nodeModule.syncBuiltinESMExports();
    this.atExit?.ignore();
  }

  /** Forgets history and findings; hooks and watches stay. */
  reset() {
    this.run?.engine.reset(epochMs());
    this.run?.kept.clear();
  }

  /** For the process of a suite, from its beginning: what its runner sets up is of no interest either. */
  restForSuite() {
    const { run } = this;
    if (run === null || !this.running) return;
    run.restForSuite();
    this.#applyLevel(run);
  }

  get contract() {
    if (this.lazyContract === null) {
      const { Contract } = require('./contract');
      this.lazyContract = new Contract(this);
    }
    return this.lazyContract;
  }

  /**
   * The hooks record what is registered from a mark on.
   * @param {Run} run
   * @param {import('./marks').Mark} mark
   */
  recordFrom(run, { ordinal }) {
    const isFirst = this.limits.latestMark === 0;
    this.limits.latestMark = ordinal;
    this.limits.trends = run.watchesTrends;
    if (isFirst) {
      this.#applyLevel(run);
      this.#adoptRealms();
    }
    this.catchUp();
  }

  /** @param {Run} run */
  endRecording(run) {
    this.limits.latestMark = 0;
    run.endRecording();
    this.#applyLevel(run);
    // Hooks that are needed no more are taken back here alone, so the others are laid anew there.
    for (const patches of this.realms.values()) patches.restore();
    this.#adoptRealms();
  }

  /** Hooks what has been loaded meanwhile. */
  catchUp() {
    for (const shim of this.shims) shim.catchUp();
  }

  /**
   * @param {{ since?: import('./marks').Mark, workers?: boolean }} [options]
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
   */
  report({ workers = false, ...options } = {}) {
    if (typeof workers !== 'boolean') {
      throw refusedValue('report()', 'workers', workers, 'are true and false');
    }
    if (Object.values(options).some((value) => value !== undefined)) {
      if (workers) throw refusedValue('report()', 'workers', workers, 'with since is false');
      return this.contract.report(options);
    }
    const run = this.#runOrNone();
    if (this.running) this.alone(() => run.observe());
    const report = this.#createReport(run);
    if (!workers) return report;
    const { readWorkers } = require('./workers');
    return this.unite(report, this.alone(readWorkers));
  }

  /**
   * For those who count, and ask often.
   * @returns {import('..').Report} its findings without words, victims, evidence and history, as a rule
   */
  reportInNumbers() {
    const run = this.#runOrNone();
    if (this.running) this.alone(() => run.observe());
    // A function of the host's may read whatever a finding has.
    const isFull = run.policy.ignore.some(({ readsAll }) => readsAll);
    const states = this.shimStates();
    const data = isFull ? run.report(states) : run.reportInNumbers(states);
    return require('./report').createReport(data, run, warnInternal);
  }

  /**
   * @param {import('..').Report} report
   * @param {import('..').ReportData[]} others
   */
  unite(report, others) {
    const { createReport, mergeReports } = require('./report');
    return createReport(mergeReports([report, ...others]), this.#runOrNone(), warnInternal);
  }

  /**
   * @param {number} limit
   * @returns {{ subjects: import('..').Subject[], rest: { members: number, bytes: number } }}
   */
  readSubjects(limit) {
    return JSON.parse(this.#runOrNone().engine.subjects(limit));
  }

  /** @param {number} [limit] */
  subjects(limit = 50) {
    checkCount('subjects()', 'limit', limit, 1, CAPACITY);
    return this.readSubjects(limit).subjects;
  }

  /**
   * Its tables are not the host's.
   * @param {import('..').MetricsOptions} [options]
   * @param {string} [call]  for errors
   * @returns {import('..').MetricFamily[]}
   */
  metricFamilies(options, call = 'metricFamilies()') {
    return this.alone(() => require('./metrics').readFamilies(this, options, call));
  }

  /** @param {import('..').MetricsOptions} [options] */
  metrics(options) {
    return require('./exposition').formatFamilies(this.metricFamilies(options, 'metrics()'));
  }

  /** The present run, or one that sees nothing. */
  #runOrNone() {
    if (this.run === null) this.idleRun ??= this.#createRun(readOptions({ level: 'off' }, {}));
    return this.run ?? /** @type {Run} */ (this.idleRun);
  }

  /**
   * @param {any} object
   * @param {string} label
   * @throws {LeakguardError} ERR_LEAKGUARD_TARGET
   */
  expectCollected(object, label) {
    if (!isObject(object) || typeof label !== 'string' || label === '') {
      throw new LeakguardError(
        'ERR_LEAKGUARD_TARGET',
        `expectCollected() takes an object or a function, and a label that is a non-empty text, not ${inspectValue(object)} and ${inspectValue(label)}`,
      );
    }
    if (!this.running) return;
    this.#record(({ expectations, registrations }) => {
      try {
        const about = { kind: 'retained', what: 'object', owner: label, isLive: isUncollected };
        registrations?.made(object, about, this.expectCollected);
        expectations.expect(object, label, this.expectCollected);
      } catch (error) {
        warnInternal(`expectCollected() could not follow its object: ${error}`);
      }
    });
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
    const call = `watch(${inspectValue(name)})`;
    const { floor: given, ...others } = options;
    refuseOthers(call, others, 'is floor');
    const floor = given === undefined ? undefined : parseInteger(given, 1, 2 ** 32 - 1);
    if (given !== undefined && floor === undefined) {
      throw refusedValue(call, 'floor', given, 'is a whole number from 1');
    }
    const population = populationOf(target, this.collectionsSampler);
    try {
      population.size(target, undefined);
    } catch (error) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_TARGET',
        `${call}: its size cannot be read: ${error}`,
        error,
      );
    }
    const watched = this.alone(() => this.watches.add({ name, floor, population }, target));
    this.#follow(watched);
    return this.#handleOf(watched);
  }

  /**
   * In the scope of `watch()` it would hold the target.
   * @param {import('./watch').Watched} watched
   */
  #handleOf(watched) {
    return withDispose(() =>
      this.alone(() => {
        const former = this.watches.remove(watched);
        if (former !== undefined) this.#follow(former);
      }),
    );
  }

  /**
   * @param {any} realm
   * @returns {import('..').Watch}
   * @throws {LeakguardError} ERR_LEAKGUARD_TARGET
   */
  watchRealm(realm) {
    if (typeof realm?.Map !== 'function' || typeof realm.Set !== 'function') {
      throw new LeakguardError(
        'ERR_LEAKGUARD_TARGET',
        `watchRealm() takes the globalThis of a realm, which has Map and Set, not ${inspectValue(realm)}`,
      );
    }
    if (realm !== globalThis && !this.realms.has(realm)) this.realms.set(realm, new PatchSet());
    this.#adoptRealms();
    return withDispose(() => {
      this.realms.get(realm)?.restore();
      this.realms.delete(realm);
    });
  }

  #adoptRealms() {
    if (!this.running) return;
    for (const [realm, patches] of this.realms) {
      for (const shim of this.shims) shim.adopt(patches, realm);
    }
  }

  /** @param {import('./watch').Watched} watched */
  #follow(watched) {
    const { run } = this;
    if (run === null || !this.running) return;
    const { floors } = run.settings;
    try {
      this.alone(() => this.watches.follow(watched, run.tracked, floors.watched));
    } catch (error) {
      warnOnce(`the size of ${watched.name} cannot be read: ${error}`, 'LEAKGUARD_WATCH');
    }
  }

  /**
   * Writes V8's sampling heap profile of what lives now, as DevTools opens it.
   * @param {string} file
   * @param {{ suspects?: boolean }} [options]  only what the sites of findings have allocated
   */
  writeHeapProfile(file, options = {}) {
    const { suspects = false, ...others } = options;
    refuseOthers('heap.profile()', others, 'is suspects');
    if (typeof suspects !== 'boolean') {
      throw refusedValue('heap.profile()', 'suspects', suspects, 'are true and false');
    }
    if (typeof file !== 'string' || !file.endsWith('.heapprofile')) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `heap.profile() takes a file ending in .heapprofile, which is how DevTools knows it, not ${inspectValue(file)}`,
      );
    }
    const survivors = this.run?.beginSampling();
    this.catchUp();
    const sites = suspects ? this.report().findings.flatMap((finding) => finding.sites) : null;
    const places = sites && new Set(sites.map(placeOf));
    const profile = this.alone(
      () => survivors?.profile(places && (({ site }) => places.has(placeOf(site.frame)))) ?? null,
    );
    if (profile === null) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_LEVEL',
        'heap.profile() needs heap sampling: start with level survivors or exact (LEAKGUARD_LEVEL)',
      );
    }
    try {
      fs.writeFileSync(file, JSON.stringify(profile));
    } catch (error) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OUTPUT',
        `${file} cannot be written: ${error}`,
        error,
      );
    }
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

  /** @param {import('./options').Settings} settings */
  #createRun(settings) {
    return new Run(settings, this.collectionsSampler, (action) => this.alone(action));
  }

  /**
   * Runs our own code with the hooks looking away.
   * @template T
   * @param {() => T} action
   * @returns {T}
   */
  alone(action) {
    const { busy } = this;
    this.busy = true;
    try {
      return action();
    } finally {
      this.busy = busy;
    }
  }

  /**
   * Runs an action of a hook on the present run, unless it is our own code that was hooked.
   * @param {(run: Run) => void} action  does not throw
   */
  #record(action) {
    const { run } = this;
    if (this.busy || !this.running || run === null || !arraysIterate()) return;
    const start = now();
    this.alone(() => action(run));
    run.spend(now() - start);
  }

  #tick() {
    const { run } = this;
    if (run === null || !this.running || !arraysIterate()) return;
    const start = now();
    const startCpuMs = cpuMs();
    try {
      const events = this.alone(() => {
        const events = run.tick();
        this.watches.tick();
        return events;
      });
      for (const shim of this.shims) shim.tick();
      this.atExit?.stayLast();
      for (const { event, finding } of events) {
        if (event !== 'recovered') this.#tell(run, finding);
      }
      this.#answerRemote(run);
    } catch (error) {
      this.#fail(error);
      return;
    }
    const lastTickMs = now() - start;
    // Waiting for a CPU is not of its making; what other threads did meanwhile isn't either.
    run.spend(Math.min(lastTickMs, cpuMs() - startCpuMs));
    // Whoever has set a mark has asked for every registration.
    if (!run.pay() && !run.isRecording && run.lower()) this.#applyLevel(run);
    run.overhead.lastTickMs = lastTickMs;
    run.overhead.maxTickMs = Math.max(run.overhead.maxTickMs, lastTickMs);
  }

  /** @param {unknown} error  of a tick */
  #fail(error) {
    try {
      this.stop();
    } catch {
      // As far as it came: nothing is recorded any more.
    }
    warnInternal(`stopped after a failure of its own: ${error}`);
  }

  /** @param {Run} run */
  #answerRemote(run) {
    const { dashboard } = run.settings;
    const recording = run.blackBox?.file;
    if (dashboard === null || !recording) return;
    if (this.remote === null) {
      const { Mailbox } = require('./mailbox');
      const { Remote } = require('./remote');
      const mailbox = new Mailbox(dashboard, `${process.pid}-${threadId()}`);
      this.remote = new Remote(mailbox, {
        mark: (label) => this.contract.mark(label),
        settled: (options) => this.contract.settled(options),
        findHolders: () => this.#findHolders(run),
      });
      this.remote.announce(recording);
    }
    this.remote.tick();
  }

  /**
   * One leak after the other: each takes a snapshot.
   * @param {Run} run
   */
  async #findHolders(run) {
    const found = [];
    for (const finding of this.report().leaks) {
      const held = await run.holders.findNow(finding);
      if (held !== null) found.push({ signature: finding.signature, held });
    }
    return found;
  }

  /**
   * The hooks look at what the present level has them look at.
   * @param {Run} run
   */
  #applyLevel({ settings, level, resting, watchesTrends: trends }) {
    const { latestMark } = this.limits;
    // What the files of a suite make before its first mark is older than its tests, and known.
    const births = latestMark > 0 || resting;
    Object.assign(this.limits, limitsOf({ ...settings, level }, latestMark), { trends, births });
    let isChanged = false;
    for (const shim of this.shims) {
      if (shim.adjust()) isChanged = true;
      shim.open();
    }
    if (isChanged) nodeModule.syncBuiltinESMExports();
  }

  /**
   * @param {Run} run
   * @param {Finding} found
   */
  #tell(run, found) {
    const { settings, policy } = run;
    const { applyPolicy } = require('./report');
    const [finding] = applyPolicy([found], policy, warnInternal);
    // What is known or ignored is not for those who look at a recording either.
    if (finding === undefined || finding.severity === 'note') {
      run.engine.dropRecorded(found.signature);
    }
    if (finding === undefined) return;
    if (settings.warn && finding.severity === 'leak') {
      process.emitWarning(require('./warning').createWarning(finding));
    }
    if (finding.severity === 'leak') {
      run.findHolder(finding);
      this.#writeWorkerReport();
    }
    this.channel.publish(finding);
    for (const listener of this.listeners) {
      try {
        listener(finding);
      } catch (error) {
        warnInternal(`a listener of 'finding' threw: ${error}`);
      }
    }
  }

  #writeWorkerReport() {
    try {
      this.atExit?.writeWorkerReport();
    } catch (error) {
      warnInternal(`the report of a worker cannot be written: ${error}`);
    }
  }

  /** @param {Run} run */
  #createReport(run) {
    const { createReport } = require('./report');
    const report = createReport(run.report(this.shimStates()), run, warnInternal);
    const { ignore } = run.policy;
    if (ignore.length > 0) report.notes.push(...require('./ignore').staleNotes(ignore));
    return report;
  }

  shimStates() {
    const hosts = this.shims.filter(({ isNeeded }) => isNeeded);
    return Object.fromEntries(hosts.map((host) => [host.name, host.state()]));
  }

  /**
   * Most processes are asked for nothing when they end.
   * @param {Run} run
   */
  #createAtExit(run) {
    const { settings } = run;
    const { report, failOn, recorder } = settings;
    if (report === null && failOn === null && recorder === null) return null;
    const { AtExit } = require('./at-exit');
    return new AtExit({
      settings,
      createReport: () => this.#createReport(run),
      createLast: () => this.#createLastReport(run),
      end: (code) => run.exit(code),
    });
  }

  /**
   * The objects of a program that ends are dead already, so the judgement is that of the last tick;
   * before the first, what stands now is all there is.
   * @param {Run} run
   */
  #createLastReport(run) {
    if (run.tracked.ticks === 0) this.alone(() => run.observe());
    return require('./report').addFindings(this.#createReport(run), [...run.kept.values()].flat());
  }
}

exports.Monitor = LeakguardMonitor;
