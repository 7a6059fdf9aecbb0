'use strict';

/**
 * What a scenario leaves on the heap: live objects by the function that allocated them, counted after
 * the warm-up and after each round. Samples are far apart at first, to learn how much a call allocates;
 * then every object is one, or, where that would be too many, so many of a round.
 *
 * What a round has added is the smaller of two numbers: by how much the live objects became more, and
 * how many of those that were made in it are there at the end. The first alone would accuse what
 * scatters, the second what is only replaced, such as the last result. It is asked of each stack by
 * itself: V8 allocates as well, for functions that become hot and in the name of whoever of the host's
 * is on the stack, but not on the same stack in every round.
 */

const { Frames } = require('./frames');
const { HeapProfileReader, youngestOf } = require('./heap-profile');
const { HeapSampler } = require('./heap-sampler');

/** Mean distance of samples while a call is measured. */
const MEASURING_BYTES = 4096;
/** At 5-9 us each. */
const MAX_SAMPLES_PER_ROUND = 100_000;
/** What an object takes on average, from a string to a small array … */
const OBJECT_BYTES = 40;
/** … and at the least. */
const SMALLEST_BYTES = 16;
/** Sites that a report names, those that grew most. */
const MAX_SITES = 64;

/** @typedef {import('./heap-profile').Origin} Origin */
/** @typedef {import('./heap-profile').Sample} Sample */
/** @typedef {import('./registrations').Leftover} Leftover */
/** @typedef {import('./heap-profile').ProfileNode} ProfileNode */
/** @typedef {{ samples: Map<number, Sample[]>, youngest: number }} Census  by stack; an ordinal */

class ScenarioHeap {
  /** @param {import('./frames').Frames['native']} native */
  constructor(native) {
    this.reader = new HeapProfileReader(new Frames(native));
    /** @type {HeapSampler | null} */
    this.sampler = null;
    /** Mean bytes between two samples. */
    this.distance = MEASURING_BYTES;
    /** Youngest sample before the call that is measured. */
    this.measuredFrom = 0;
    /** After the warm-up and after each round. @type {Census[]} */
    this.censuses = [];
    /** By stack. @type {Map<number, Origin>} */
    this.origins = new Map();
    /** Numbers of stacks, from 1, by that of the caller's and the frame. @type {Map<string, number>} */
    this.stacks = new Map();
  }

  /**
   * @throws {Error} where there is no profiler to be had
   */
  start() {
    const sampler = new HeapSampler();
    if (sampler.isSampling()) {
      sampler.close();
      throw new Error('one of the host is running');
    }
    sampler.start(MEASURING_BYTES);
    this.sampler = sampler;
  }

  stop() {
    this.sampler?.stop();
    this.sampler?.close();
    this.sampler = null;
  }

  /** The next call is the one that is measured. */
  beginMeasuring() {
    this.measuredFrom = this.#youngest();
  }

  /**
   * Begins anew with the distance that fits.
   * @param {number} loops  calls of a round
   */
  endMeasuring(loops) {
    const bytes = (this.#youngest() - this.measuredFrom) * MEASURING_BYTES * loops;
    const isSmall = bytes <= MAX_SAMPLES_PER_ROUND * OBJECT_BYTES;
    this.distance = isSmall ? 1 : Math.ceil(bytes / MAX_SAMPLES_PER_ROUND);
    this.sampler?.stop();
    this.sampler?.start(this.distance);
  }

  /**
   * Counts what lives. Forces a full collection.
   * @param {number} round  0: after the warm-up
   */
  count(round) {
    this.censuses[round] = this.#census();
  }

  /**
   * What the rounds have added, by function.
   * @param {(rounds: number[]) => Leftover['doubt'] | undefined} doubtOf  undefined: not worth naming
   * @returns {Leftover[]}
   */
  leftovers(doubtOf) {
    const { samples } = /** @type {Census} */ (this.censuses.at(-1));
    const grown = [...samples].flatMap(([stack, ofStack]) => {
      const added = this.#added(stack, ofStack);
      // Nobody knows their size: in doubt there are as many as there can be.
      const doubt = doubtOf(added.map((count) => this.#objects(count, SMALLEST_BYTES)));
      const rounds = added.map((count) => this.#objects(count, OBJECT_BYTES));
      return doubt === undefined ? [] : [{ stack, doubt, rounds, bytes: this.#bytes(ofStack) }];
    });
    /** @type {Map<string, Leftover & { rounds: number[] }>} by site */
    const left = new Map();
    // Where one stack is beyond doubt, the doubtful ones of its site say nothing.
    for (const { stack, doubt, rounds, bytes } of grown.sort(byDoubt)) {
      const origin = /** @type {Origin} */ (this.origins.get(stack));
      const known = left.get(origin.key);
      if (known === undefined) {
        const { what } = origin;
        const kind = what === 'promise' ? 'promises' : 'objects';
        const site = this.reader.siteId(origin);
        const about = { kind, what, owner: '', named: false, site, mark: null, doubt };
        left.set(origin.key, { ...about, count: bytes, rounds });
      } else if (known.doubt === doubt) {
        known.count += bytes;
        known.rounds = known.rounds.map((sum, round) => sum + rounds[round]);
      }
    }
    return [...left.values()].sort((a, b) => b.count - a.count).slice(0, MAX_SITES);
  }

  /**
   * @param {number} stack
   * @param {Sample[]} samples  of it at the end
   * @returns {number[]} samples that each round has added on this stack
   */
  #added(stack, samples) {
    const live = this.censuses.map((census) => census.samples.get(stack)?.length ?? 0);
    const until = this.censuses.map(({ youngest }) => youngest);
    return live.slice(1).map((count, round) => {
      const kept = samples.filter(
        ({ ordinal }) => ordinal > until[round] && ordinal <= until[round + 1],
      );
      return Math.max(0, Math.min(count - live[round], kept.length));
    });
  }

  /**
   * @param {number} samples
   * @param {number} bytes  size of an object
   * @returns {number} that they stand for
   */
  #objects(samples, bytes) {
    return Math.round(samples / (1 - Math.exp(-bytes / this.distance)));
  }

  /** @param {Sample[]} samples  bytes of what was made since the warm-up */
  #bytes(samples) {
    const [{ youngest }] = this.censuses;
    return samples.reduce((sum, { ordinal, size }) => sum + (ordinal > youngest ? size : 0), 0);
  }

  /** @returns {Census} */
  #census() {
    const profile = /** @type {HeapSampler} */ (this.sampler).read();
    const stacks = this.#stacksOf(profile);
    /** @type {Census} */
    const census = { samples: new Map(), youngest: youngestOf(profile.samples) };
    for (const sample of profile.samples) {
      const stack = stacks.get(sample.nodeId);
      if (stack === undefined) continue;
      const samples = census.samples.get(stack);
      if (samples === undefined) census.samples.set(stack, [sample]);
      else samples.push(sample);
    }
    return census;
  }

  /**
   * Stacks from the host's first frame on: above it Node's differ with what has woken the host.
   * @param {import('./heap-profile').Profile} profile
   * @returns {Map<number, number>} by node id
   */
  #stacksOf(profile) {
    const origins = this.reader.origins(profile);
    /** @type {Map<number, number>} */
    const stacks = new Map();
    /** @type {[ProfileNode, number][]} */
    const open = [[profile.head, 0]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [{ id, callFrame, children }, above] = next;
      const origin = origins.get(id);
      let stack = 0;
      if (origin?.site.internal === false) {
        const { url, lineNumber, columnNumber, functionName } = callFrame;
        const key = `${above} ${url}:${lineNumber}:${columnNumber} ${functionName}`;
        stack = this.stacks.get(key) ?? this.stacks.size + 1;
        this.stacks.set(key, stack);
        this.origins.set(stack, origin);
        stacks.set(id, stack);
      }
      for (const child of children) open.push([child, stack]);
    }
    return stacks;
  }

  /** @returns {number} ordinal of the last sample that was taken */
  #youngest() {
    return youngestOf(/** @type {HeapSampler} */ (this.sampler).read().samples);
  }
}

/** @param {{ doubt: Leftover['doubt'] }} a @param {{ doubt: Leftover['doubt'] }} b */
const byDoubt = (a, b) => Number(a.doubt !== null) - Number(b.doubt !== null);

exports.ScenarioHeap = ScenarioHeap;
