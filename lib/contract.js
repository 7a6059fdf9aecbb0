'use strict';

/**
 * The contract and scenario tiers, for those who test: marks, what was registered since one and is still
 * there, and `check()`. What it finds by contract needs no history. Most processes never load it.
 */

const { epochMs, pause } = require('./clock');
const {
  LeakguardError,
  inspectValue,
  refuseOthers,
  refusedValue,
  warnInternal,
} = require('./errors');
const { Mark, currentMark } = require('./marks');
const { readOptions } = require('./options');

/** @typedef {import('./registrations').Leftover} Leftover */
/** @typedef {import('./run').Run} Run */
/**
 * What starts and stops, and owns the hooks.
 * @typedef {object} Monitor
 * @property {Run | null} run
 * @property {boolean} running
 * @property {import('./watch').Watches} watches
 * @property {(settings: import('./options').Settings) => void} begin
 * @property {() => void} stop
 * @property {<T>(action: () => T) => T} alone  runs our own code with the hooks looking away
 * @property {() => void} catchUp  hooks what has been loaded meanwhile
 * @property {(run: Run, mark: Mark) => void} recordFrom  the hooks record what is registered from a mark on …
 * @property {(run: Run) => void} endRecording            … and no more
 * @property {() => Record<string, string>} shimStates
 */

class Contract {
  /** @type {Monitor} */
  #monitor;
  #checking = false;

  /** @param {Monitor} monitor */
  constructor(monitor) {
    this.#monitor = monitor;
  }

  /**
   * @param {string} [label]
   * @param {{ owned?: boolean }} [options]  owned: only what some mark's code registers
   * @throws {LeakguardError} ERR_LEAKGUARD_LEVEL where nothing is watched, ERR_LEAKGUARD_OPTION
   */
  mark(label = '', { owned = false, ...others } = {}) {
    refuseOthers('mark()', others, 'is owned');
    if (typeof owned !== 'boolean') {
      throw refusedValue('mark()', 'owned', owned, 'are true and false');
    }
    if (typeof label !== 'string') {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `mark() takes a text as its label, not ${inspectValue(label)}`,
      );
    }
    const { run, running } = this.#monitor;
    if (run === null || !running) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_LEVEL',
        'mark() needs leakguard to be running: call start() first, at any level but off',
      );
    }
    run.isMarked = true;
    if (owned) run.restForSuite();
    return this.#createMark(run, label, owned);
  }

  /**
   * @param {Run} run
   * @param {string} label
   * @param {boolean} owned
   */
  #createMark(run, label, owned) {
    const monitor = this.#monitor;
    return monitor.alone(() => {
      const mark = run.mark(label, owned);
      monitor.watches.readSizes(mark.sizes);
      monitor.recordFrom(run, mark);
      return mark;
    });
  }

  /**
   * @param {...import('..').IgnoreRule} rules  what the present mark's code may leave
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
   */
  allow(...rules) {
    const { createRule } = require('./ignore');
    const allowed = rules.map(createRule);
    currentMark()?.allowed.push(...allowed);
  }

  /**
   * What was registered since a mark and is still there, at the first look.
   * @param {{ since?: unknown }} options
   * @returns {import('..').Report}
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
   */
  report(options) {
    const since = this.#checkSince('report()', options, 'are since and workers');
    return this.#createReport('contract', since.at, this.#leftovers(since));
  }

  /**
   * The same, once all that was about to go is gone.
   * @param {object} options
   * @param {Mark} options.since
   * @param {boolean} [options.keep]   the report at exit has it too
   * @returns {Promise<import('..').Report>}
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
   */
  async settled({ keep = false, ...options }) {
    const since = this.#checkSince('settled()', options);
    return this.#reportSettled(since, await this.#settle(since), keep);
  }

  /**
   * As `settled()`, kept; for suites, most of which leave nothing, and a report takes milliseconds.
   * @param {Mark} since
   * @returns {Promise<import('..').Report | null>} null where it would have no finding
   */
  async settledSuite(since) {
    this.#checkSince('settled()', { since });
    const left = await this.#settle(since);
    if (left.length === 0) return null;
    const report = this.#reportSettled(since, left, true);
    return report.findings.length === 0 ? null : report;
  }

  /** @param {Mark} since */
  #settle(since) {
    const { settle } = require('./settle');
    const collect = () => require('./collect').collect();
    return settle({ look: () => this.#leftovers(since), collect, pause });
  }

  /**
   * @param {Mark} since
   * @param {Leftover[]} left
   * @param {boolean} keep  whether the report at exit has it too
   */
  #reportSettled(since, left, keep) {
    const report = this.#createReport('contract', since.at, left);
    if (keep) this.#monitor.run?.kept.set(since, report.findings);
    return report;
  }

  /**
   * @param {string} call  for errors
   * @param {{ since?: unknown }} [options]
   * @param {string} [accepted]  for errors
   * @returns {Mark}
   */
  #checkSince(call, { since, ...others } = {}, accepted = 'is since') {
    refuseOthers(call, others, accepted);
    if (!(since instanceof Mark)) {
      throw refusedValue(call, 'since', since, 'is what mark() returned');
    }
    if (!since.isOf(this.#monitor.run)) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        `${call}: the mark ${inspectValue(since.label)} is from before the last start()`,
      );
    }
    return since;
  }

  /** @param {Mark} since */
  #leftovers(since) {
    const monitor = this.#monitor;
    // Who waits may have been overtaken by a start().
    this.#checkSince('settled()', { since });
    return monitor.alone(() => {
      const { registrations, tracked } = /** @type {Run} */ (monitor.run);
      if (registrations === null) return [];
      const nameOf = (/** @type {object} */ target) => tracked.nameOf(target);
      const left = registrations.leftovers(since, nameOf);
      return since.owned ? left : [...left, ...monitor.watches.leftovers(since.sizes)];
    });
  }

  /**
   * @param {'contract' | 'scenario'} tier
   * @param {number} since  epoch ms
   * @param {Leftover[]} parts
   */
  #createReport(tier, since, parts) {
    const run = /** @type {Run} */ (this.#monitor.run);
    /** @param {typeof parts} of */
    const describe = (of) =>
      run.reportLeftovers(this.#monitor.shimStates(), { tier, since, parts: of });
    for (const part of parts) {
      const rules = part.mark?.allowed ?? [];
      if (rules.length === 0) continue;
      const { matchesAny } = require('./ignore');
      // Others may have left more of it: the rules are asked about what this mark has left.
      const [finding] = describe([part]).findings;
      part.allowed = finding !== undefined && matchesAny(finding, rules, warnInternal);
    }
    return require('./report').createReport(describe(parts), run, warnInternal);
  }

  /**
   * Calls a function in rounds, and accuses what grew in every one.
   * @param {() => unknown} fn
   * @param {Partial<import('./check').Plan>} [options]
   * @returns {Promise<import('..').Report>}
   * @throws {LeakguardError} ERR_LEAKGUARD_OPTION, ERR_LEAKGUARD_BUSY, ERR_LEAKGUARD_LEVEL
   */
  async check(fn, options) {
    const { readPlan } = require('./check');
    const plan = readPlan(fn, options);
    if (this.#checking) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_BUSY',
        'check() runs one scenario at a time: await the other one first, and do not call it inside of one',
      );
    }
    this.#checking = true;
    try {
      const { run, giveBack } = this.#borrowRun();
      try {
        return await this.#checkIn(run, fn, plan);
      } finally {
        giveBack();
      }
    } finally {
      this.#checking = false;
    }
  }

  /**
   * @param {Run} run
   * @param {() => unknown} fn
   * @param {import('./check').Plan} plan
   */
  async #checkIn(run, fn, plan) {
    const { Check } = require('./check');
    const monitor = this.#monitor;
    const assertGoesOn = () => {
      if (monitor.run === run && monitor.running) return;
      throw new LeakguardError(
        'ERR_LEAKGUARD_LEVEL',
        'check() was interrupted by a start() or stop(): call neither before it has ended',
      );
    };
    // In a test, what is left behind is that test's.
    const outer = currentMark();
    const createMark = () => {
      assertGoesOn();
      const mark = this.#createMark(run, outer?.label ?? '', true);
      mark.allowed.push(...(outer?.allowed ?? []));
      return mark;
    };
    const alone = monitor.alone.bind(monitor);
    const check = new Check({ plan, run, watches: monitor.watches, createMark, alone, pause });
    // It may have loaded the inspector.
    monitor.catchUp();
    const since = epochMs();
    try {
      const parts = await check.perform(fn);
      assertGoesOn();
      return this.#createReport('scenario', since, parts);
    } finally {
      check.end(outer);
    }
  }

  /**
   * The present run, or where nothing is watched one for the time being.
   * @returns {{ run: Run, giveBack: () => void }}
   */
  #borrowRun() {
    const monitor = this.#monitor;
    const { run: before, running } = monitor;
    if (!running) {
      const settings = before?.settings ?? readOptions({}, process.env);
      monitor.begin({
        ...settings,
        level: 'sites',
        warn: false,
        report: null,
        failOn: null,
        recorder: null,
      });
    }
    const run = /** @type {Run} */ (monitor.run);
    const { isRecording } = run;
    const giveBack = () => {
      if (monitor.run !== run) return;
      if (!running) {
        monitor.stop();
        monitor.run = before;
      } else if (monitor.running && !isRecording && !run.isMarked) {
        monitor.endRecording(run);
      }
    };
    return { run, giveBack };
  }
}

exports.Contract = Contract;
