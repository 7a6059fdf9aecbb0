'use strict';

/**
 * The scenario tier: a function is called until it has warmed up, then in rounds, and what grew by as
 * many as a round has calls, in every round, is a leak. It counts what `lib/registrations.js` records,
 * what `lib/scenario-heap.js` sees, and the sizes of what is known by name; it knows no hooks and does
 * not judge further: that is the core's.
 *
 * Each round has a mark of its own that runs its calls. So what is left in the end says which round it
 * is of, whatever else the process does meanwhile, and what a call registers on something that an
 * earlier round has made counts. Only what one round has made and registered on does not: if it is
 * kept, it is found on the heap.
 */

const { performance } = require('node:perf_hooks');
const { LeakguardError, checkCount, inspectValue, refuseOthers } = require('./errors');
const { collect } = require('./collect');
const { sizesOfGlobals } = require('./globals');
const { GRACE_MS } = require('./order');

/** CPython's refleak has as many warm-ups, LeakCanary as many loops; fewer rounds than four decide nothing. */
const DEFAULTS = { warmup: 5, rounds: 4, loops: 2 };
/** How much a call allocates is learnt in the warm-up. */
const ACCEPTED = { warmup: [1, 10_000], rounds: [2, 100], loops: [1, 10_000] };
/** Calls of the warm-up after which that is known: in the first, modules are loaded. */
const MEASURED_CALL = 2;
/** For what ends with a call or right after it. */
const BETWEEN_ROUNDS_MS = 1;
/** Collections while stragglers are waited for. */
const STEPS_OF_GRACE = 3;

/** @typedef {import('./marks').Mark} Mark */
/** @typedef {import('./registrations').Leftover} Leftover */
/** @typedef {{ warmup: number, rounds: number, loops: number }} Plan */

/**
 * @param {unknown} fn
 * @param {Record<string, unknown>} [options]
 * @returns {Plan}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION
 */
function readPlan(fn, options = {}) {
  if (typeof fn !== 'function') {
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      `check() takes a function to call again and again, not ${inspectValue(fn)}`,
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_OPTION',
      `check() takes its options as an object, not ${inspectValue(options)}`,
    );
  }
  const { warmup, rounds, loops, ...others } = options;
  refuseOthers('check()', others, 'are warmup, rounds and loops');
  const plan = { ...DEFAULTS };
  for (const [name, value] of Object.entries({ warmup, rounds, loops })) {
    const key = /** @type {keyof Plan} */ (name);
    const [min, max] = ACCEPTED[key];
    if (value === undefined) continue;
    checkCount('check()', name, value, min, max);
    plan[key] = value;
  }
  return plan;
}

/**
 * One call after the other. By its name the heap's profile knows that what follows is not ours.
 * @param {() => unknown} fn
 * @param {Mark} mark
 * @param {number} times
 */
async function callHost(fn, mark, times) {
  // From here on nobody is on the stack that has called us.
  await undefined;
  for (let call = 0; call < times; call += 1) await mark.run(fn);
}

class Check {
  /**
   * @param {object} parts
   * @param {Plan} parts.plan
   * @param {import('./run').Run} parts.run
   * @param {import('./watch').Watches} parts.watches
   * @param {() => Mark} parts.createMark
   * @param {<T>(action: () => T) => T} parts.alone  runs our own code with the hooks looking away
   * @param {(ms: number) => Promise<unknown>} parts.pause
   */
  constructor({ plan, run, watches, createMark, alone, pause }) {
    this.plan = plan;
    this.run = run;
    this.watches = watches;
    this.createMark = createMark;
    this.alone = alone;
    this.pause = pause;
    this.warmingUp = createMark();
    this.heap = alone(() => run.beginScenario());
    /** Of the rounds. @type {Mark[]} */
    this.marks = [];
    /** After the warm-up and after each round, by kind and name. @type {Map<string, Leftover>[]} */
    this.sizes = [];
  }

  /**
   * @param {() => unknown} fn
   * @returns {Promise<Leftover[]>} what grew
   */
  async perform(fn) {
    const { warmup, rounds, loops } = this.plan;
    const measured = Math.min(MEASURED_CALL, warmup);
    await callHost(fn, this.warmingUp, measured - 1);
    this.#onHeap((heap) => heap.beginMeasuring());
    await callHost(fn, this.warmingUp, 1);
    this.#onHeap((heap) => heap.endMeasuring(loops));
    await callHost(fn, this.warmingUp, warmup - measured);
    await this.#count(0);
    for (let round = 1; round <= rounds; round += 1) {
      const mark = this.createMark();
      this.marks.push(mark);
      await callHost(fn, mark, loops);
      await this.#count(round);
    }
    const grown = this.#grown();
    if (grown.every(({ doubt }) => doubt !== null)) return grown;
    // What is about to go does so, in chains of finalizers too.
    for (let step = 0; step < STEPS_OF_GRACE; step += 1) {
      await this.pause(GRACE_MS / STEPS_OF_GRACE);
      collect();
    }
    await this.#count(rounds);
    return this.#grown();
  }

  /**
   * Gives back the heap's sampler, and what the calls have registered to the mark that has called us.
   * @param {Mark | null} outer
   */
  end(outer) {
    this.alone(() => {
      this.run.endScenario(this.heap);
      this.run.registrations?.handOver([this.warmingUp, ...this.marks], outer);
    });
  }

  /** @param {number} round */
  async #count(round) {
    // Of the first 250 fetches of a process Node keeps timings, which have their addresses.
    performance.clearResourceTimings();
    // In a turn of its own: what a WeakRef was asked for stays alive until the turn is over.
    this.alone(() => this.run.registrations?.dropGone());
    await this.pause(BETWEEN_ROUNDS_MS);
    this.#countNow(round);
  }

  /** @param {number} round */
  #countNow(round) {
    this.alone(() => {
      if (this.heap === null) collect();
      this.#onHeap((heap) => heap.count(round));
      const sizes = new Map();
      const unknown = { site: 0, mark: null, doubt: null };
      for (const [owner, { what, size }] of sizesOfGlobals(this.run.sampler)) {
        const part = { kind: 'globals', what, owner, named: false, count: size, ...unknown };
        sizes.set(`globals ${owner}`, part);
      }
      for (const part of this.watches.leftovers(this.marks[0]?.sizes ?? new Map())) {
        sizes.set(`watched ${part.owner}`, part);
      }
      this.sizes[round] = sizes;
    });
  }

  /** @returns {Leftover[]} what grew in every round, or with a doubt in most */
  #grown() {
    return this.alone(() => {
      const parts = [...this.#registered(), ...this.#named()].flatMap((part) => {
        const doubt = this.#doubtOf(part.rounds ?? []);
        return doubt === undefined ? [] : [{ ...part, doubt: part.doubt ?? doubt }];
      });
      const live = this.heap?.leftovers((rounds) => this.#doubtOf(rounds)) ?? [];
      if (live.length > 0 && this.run.registrations?.hasReplaced(this.marks[0])) {
        // What was dropped is older than the samples, so that nobody has seen it go.
        for (const part of live) part.doubt ??= 'bounded';
      }
      return [...parts, ...live];
    });
  }

  /** @returns {Leftover[]} */
  #registered() {
    const { registrations, tracked } = this.run;
    /** @type {Map<string, Leftover & { rounds: number[] }>} by cause */
    const causes = new Map();
    const nameOf = (/** @type {object} */ target) => tracked.nameOf(target);
    for (const part of registrations?.leftovers(this.marks[0], nameOf) ?? []) {
      const round = part.mark === null ? -1 : this.marks.indexOf(part.mark);
      if (round < 0) continue;
      const key = `${part.kind} ${part.what} ${part.owner} ${part.site}`;
      let cause = causes.get(key);
      if (cause === undefined) {
        // Without a test around there is no name to tell.
        const mark = part.mark?.label === '' ? null : part.mark;
        cause = { ...part, mark, count: 0, doubt: null, rounds: this.marks.map(() => 0) };
        causes.set(key, cause);
      }
      cause.count += part.count;
      cause.rounds[round] += part.count;
      if (part.doubt === 'bounded') cause.doubt = 'bounded';
    }
    return [...causes.values()];
  }

  /** @returns {Leftover[]} */
  #named() {
    const last = /** @type {Map<string, Leftover>} */ (this.sizes.at(-1));
    return [...last].map(([key, part]) => {
      const sizes = this.sizes.map((known) => known.get(key)?.count ?? 0);
      const rounds = sizes.slice(1).map((size, round) => Math.max(0, size - sizes[round]));
      return { ...part, doubt: null, count: rounds.reduce((sum, grown) => sum + grown, 0), rounds };
    });
  }

  /**
   * @param {number[]} rounds  what each has added
   * @returns {null | 'rounds' | undefined} undefined: not worth naming
   */
  #doubtOf(rounds) {
    const full = rounds.filter((added) => added >= this.plan.loops).length;
    if (full === rounds.length) return null;
    return 2 * full > rounds.length ? 'rounds' : undefined;
  }

  /** @param {(heap: import('./scenario-heap').ScenarioHeap) => void} action */
  #onHeap(action) {
    if (this.heap === null) return;
    try {
      this.alone(() => action(/** @type {import('./scenario-heap').ScenarioHeap} */ (this.heap)));
    } catch (error) {
      this.run.note(`check: heap objects were not watched to the end: ${error}`);
      this.heap.stop();
      this.heap = null;
    }
  }
}

exports.Check = Check;
exports.readPlan = readPlan;
