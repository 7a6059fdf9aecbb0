'use strict';

/**
 * Survivor sampling: which lines allocate what does not die. V8's sampling heap profiler keeps one
 * live object in so many bytes with its stack; every round its samples are read and told to the
 * ledger by site, each with its ordinal, which counts births. So each site gets birth cohorts, and a
 * leak is a site of which every generation leaves survivors.
 *
 * There is one such profiler in an isolate. Whoever starts it decides the distance of samples, a
 * second start is ignored in silence, and a stop ends it for all. So ours stands aside when the host
 * starts one of its own in this process, reads along while that runs, and comes back afterwards. A
 * debugger that attaches from outside cannot be noticed: it gets our samples.
 *
 * Reading forces a full collection, 40-180 ms on a heap of 40-100 MB: rounds are rare.
 */

const { AllocationRate } = require('./allocation-rate');
const { cpuMs } = require('./clock');
const { Frames } = require('./frames');
const { HeapProfileReader, pruned, youngestOf } = require('./heap-profile');
const { HeapSampler } = require('./heap-sampler');
const { Inlining, isCalledBy } = require('./inlining');
const { Repetition } = require('./repetition');
const { memoryLevel } = require('./slots');

/** Sites followed at a time, the largest first. */
const MAX_SITES = 512;
/** Samples of a site before it is worth a slot: fewer say nothing about generations. */
const MIN_SAMPLES = 4;
/** Fewer live samples of a site say nothing about its generations, of which a verdict takes a dozen. */
const SAMPLES_OF_A_SITE = 24;
/** For which what is large and alone of its size counts at most. */
const SAMPLES_OF_ONE = 4;
/** Functions below a site that are named beside it: with itself as many as a subject has sites. */
const MAX_NAMED_BELOW = 5;
/** A round that is farther away is worth foreseeing what it will find. */
const MIN_FORESEEN_MS = 20_000;
/** A profile of more nodes takes longer to read than its heap to collect: V8's tree is begun anew. */
const MAX_NODES = 65_536;

/** From here on V8 allocates most of what an async function keeps when it settles it, with nobody on the stack. */
const V8_THAT_SETTLES_ALONE = 14;
const v8Major = Number.parseInt(process.versions.v8, 10);

/** What runs the reactions of promises. */
const DRAINS = new Set([
  'runNextTicks',
  'processTicksAndRejections',
  'runMicrotasks',
  'processTimers',
  'listOnTimeout',
  'processImmediate',
]);

/** Promises by the builtins that make them; all else is an object. */
const KIND_OF_WHAT = { promise: 'promises' };

/** @typedef {import('./heap-profile').Profile} Profile */
/** @typedef {import('./heap-profile').Sample} Sample */
/** @typedef {import('./heap-profile').Origin} Origin */
/** @typedef {{ last: number, beforeLast: number }} RoundEnds  the youngest sample of either round */
/**
 * @typedef {import('./slots').Holder & { origin: Origin, site: number, forgotten: number }} Site
 *   forgotten: its level when samples were begun anew, if there was a finding on it
 */

/** What one round has seen of one site. */
class Sighting {
  /** @param {Origin} origin */
  constructor(origin) {
    this.origin = origin;
    this.bytes = 0;
    /** Born since the round before. */
    this.freshBytes = 0;
    /** Of what lived at the round before last: what is only passing through is gone. */
    this.lastingBytes = 0;
    /** @type {number[]} */
    this.ordinals = [];
    /** @type {Map<string, number>} bytes by what they are */
    this.whats = new Map();
  }

  /**
   * @param {string} what
   * @param {{ size: number, ordinal: number }} sample
   * @param {RoundEnds} ends
   */
  add(what, { size, ordinal }, { last, beforeLast }) {
    this.bytes += size;
    if (ordinal > last) this.freshBytes += size;
    if (ordinal <= beforeLast) this.lastingBytes += size;
    this.ordinals.push(ordinal);
    this.whats.set(what, (this.whats.get(what) ?? 0) + size);
  }

  /**
   * @param {Sighting} other
   * @param {number} share  of it that counts
   */
  addShare({ bytes, freshBytes, lastingBytes, ordinals, whats }, share) {
    this.bytes += bytes * share;
    this.freshBytes += freshBytes * share;
    this.lastingBytes += lastingBytes * share;
    for (const ordinal of ordinals) {
      if (spread(ordinal) < share) this.ordinals.push(ordinal);
    }
    for (const [what, size] of whats) {
      this.whats.set(what, (this.whats.get(what) ?? 0) + size * share);
    }
  }

  /** What most of its bytes are. */
  what() {
    return [...this.whats].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
  }
}

/**
 * @param {number} ordinal
 * @returns {number} from 0 to below 1, the same for it in every round, and spread evenly (Knuth's golden ratio)
 */
function spread(ordinal) {
  return (Math.imul(ordinal, 0x9e37_79b1) >>> 0) / 2 ** 32;
}

/**
 * @param {Map<string, Sighting>} sightings  by key of their origin
 * @param {Origin} origin
 */
function sightingOf(sightings, origin) {
  let sighting = sightings.get(origin.key);
  if (sighting === undefined) {
    sighting = new Sighting(origin);
    sightings.set(origin.key, sighting);
  }
  return sighting;
}

/** @param {Origin | undefined} origin */
const isDrain = (origin) =>
  origin?.site.internal === true && DRAINS.has(`${origin.site.frame.function}`);

/**
 * Gives what V8 itself allocates between the reactions of promises to the function of the host's that they run
 * and that leaves most itself, if one leaves more than all others, else to the one that had it the last time: an
 * async function that returns a promise is settled by reactions that nobody of the host's is on the stack of.
 * @param {Map<string, Sighting>} sightings  by key of their origin
 * @param {Set<string>} reactions  keys of what is run by them
 * @param {string | null} last  key of whom it was given to in the round before
 * @returns {string | null} key of whom it is given to; null: nobody
 */
function creditReactions(sightings, reactions, last) {
  // What goes on allocating and leaves something: neither a start-up nor what is only passing through.
  const leaves = (/** @type {Sighting} */ { bytes, freshBytes }) =>
    Math.min(freshBytes, bytes - freshBytes);
  const all = [...sightings.values()];
  const run = all.filter(({ origin }) => reactions.has(origin.key));
  const left = run.reduce((sum, sighting) => sum + leaves(sighting), 0);
  const most = run.find((sighting) => leaves(sighting) * 2 > left) ?? sightings.get(last ?? '');
  if (most === undefined) return null;
  for (const sighting of all) {
    if (!isDrain(sighting.origin)) continue;
    most.addShare(sighting, 1);
    sightings.delete(sighting.origin.key);
  }
  return most.origin.key;
}

class Survivors {
  /**
   * @param {object} parts
   * @param {import('./slots').Slots} parts.slots
   * @param {import('./frames').Frames['native']} parts.native
   * @param {import('./sample-distance').SampleDistance} parts.distance
   * @param {number} parts.roundMs      from one round to the next
   * @param {number} parts.floorBytes   live bytes of a site below which nobody cares; 0: what can be judged
   * @param {(message: string) => void} parts.say  told once of what is not as it should be
   */
  constructor({ slots, native, distance, roundMs, floorBytes, say }) {
    this.slots = slots;
    this.reader = new HeapProfileReader(new Frames(native));
    this.distance = distance;
    this.roundMs = roundMs;
    /**
     * Until samples lie as they will stay; where rounds are close, these tell soon enough.
     * @type {AllocationRate | null}
     */
    this.allocationRate = roundMs < MIN_FORESEEN_MS ? null : new AllocationRate();
    this.floorBytes = floorBytes;
    this.say = say;
    /** @type {HeapSampler | null} */
    this.heap = null;
    /** Whose profiler is running. @type {'ours' | 'host' | 'none'} */
    this.sampler = 'none';
    /** @type {Map<string, Site>} by key of their origin */
    this.sites = new Map();
    /**
     * Bytes that lived when samples were begun anew: what has come since may stand in for them.
     * @type {Map<string, number>} by key of their origin
     */
    this.former = new Map();
    this.inlining = new Inlining();
    this.repetition = new Repetition();
    /** Whom the last round has given what reactions leave, by key. @type {string | null} */
    this.credited = null;
    /** @type {RoundEnds} */
    this.ends = { last: 0, beforeLast: 0 };
    /** Of the last round. */
    this.roundCpuMs = 0;
  }

  /** @returns {boolean} whether there will be rounds */
  start() {
    try {
      this.heap = new HeapSampler();
      if (this.heap.isSampling()) {
        this.sampler = 'host';
        this.say('survivors: a heap profiler runs already; its samples are used as they are');
      } else {
        this.#startSampling(this.heap);
      }
      return true;
    } catch (error) {
      this.stop();
      this.say(
        `survivors: V8's heap profiler cannot be had, heap objects are not watched: ${error}`,
      );
      return false;
    }
  }

  stop() {
    for (const site of this.sites.values()) this.slots.release(site);
    this.sites.clear();
    this.#ignoreAllocationRate();
    const { heap } = this;
    if (heap === null) return;
    this.heap = null;
    if (this.sampler === 'ours') heap.stop();
    heap.close();
    this.sampler = 'none';
  }

  /**
   * V8's profiler is somebody else's until the next `start()`, and numbers its samples anew then.
   */
  lend() {
    const profile = this.#read();
    const { heap } = this;
    if (heap === null) return;
    if (profile !== null) this.#remember(profile.samples, this.reader.origins(profile));
    if (this.sampler === 'ours') heap.stop();
    heap.close();
    this.heap = null;
    this.#forget();
  }

  /**
   * Between rounds: whether samples turn out to be so many that the next round should be soon. They draw
   * apart there, since to begin anew takes a full collection, for which a round prepares the service.
   */
  tick() {
    if (this.allocationRate === null || this.sampler !== 'ours') return false;
    if (this.distance.isSettled) {
      this.#ignoreAllocationRate();
      return false;
    }
    const rate = this.allocationRate.tick();
    return rate !== null && this.distance.foresee(rate * this.roundMs);
  }

  #ignoreAllocationRate() {
    this.allocationRate?.stop();
    this.allocationRate = null;
  }

  /** Reads what lives and tells the ledger. Forces a full collection. */
  round() {
    const startCpuMs = cpuMs();
    const { last } = this.ends;
    const profile = this.#read();
    if (profile !== null) {
      const { samples } = profile;
      const origins = this.reader.origins(profile);
      const isOurs = this.sampler === 'ours';
      const tooManyNodes = isOurs && origins.size > MAX_NODES;
      if (!tooManyNodes) this.#tell(samples, origins);
      const taken = Math.max(0, this.ends.last - last);
      const drawsApart = isOurs && this.distance.observe({ samples: taken, live: samples.length });
      if (tooManyNodes || drawsApart) this.#startAnew(samples, origins);
    }
    this.roundCpuMs = cpuMs() - startCpuMs;
  }

  /**
   * A profile as DevTools opens it; forces a full collection.
   * @param {((origin: Origin) => boolean) | null} isWanted  null: everything
   * @returns {Profile | null} null when there is none
   */
  profile(isWanted) {
    const profile = this.#read();
    if (profile === null || isWanted === null) return profile;
    const origins = this.reader.origins(profile);
    return pruned(profile, (nodeId) => {
      const origin = origins.get(nodeId);
      return origin !== undefined && isWanted(origin);
    });
  }

  /** @returns {Uint32Array} the site ids that are in use */
  sitesInUse() {
    return Uint32Array.from(this.sites.values(), ({ site }) => site);
  }

  /** @param {Uint32Array} freed */
  forgetSites(freed) {
    this.reader.frames.forget(freed);
  }

  /** The host is about to start a profiler of its own. */
  standAside() {
    if (this.sampler !== 'ours') return;
    this.heap?.stop();
    this.#forget();
    this.sampler = 'host';
    this.say('survivors: the host has started a heap profiler; its samples are used as they are');
  }

  /**
   * @param {Sample[]} samples
   * @param {Map<number, Origin>} origins  by node id
   */
  #tell(samples, origins) {
    /** @type {Map<string, Sighting>} */
    const inlined = new Map();
    const before = this.ends;
    const last = Math.max(before.last, youngestOf(samples));
    this.ends = { last, beforeLast: before.last };
    this.repetition.endRound(last);
    const functionOf = (/** @type {number} */ nodeId) => origins.get(nodeId)?.key;
    const aloneBytes = SAMPLES_OF_ONE * this.distance.bytes;
    const counted = this.repetition.repeated(samples, functionOf, aloneBytes);
    for (const sample of counted) {
      const origin = origins.get(sample.nodeId);
      if (origin !== undefined) sightingOf(inlined, origin).add(origin.what, sample, before);
    }
    this.inlining.observe(inlined);
    /** @type {Map<string, Sighting>} */
    const sightings = new Map();
    for (const sighting of inlined.values()) {
      const { origin, share } = this.inlining.resolve(sighting.origin);
      sightingOf(sightings, origin).addShare(sighting, share);
    }
    if (v8Major >= V8_THAT_SETTLES_ALONE) {
      const run = [...origins.values()].filter(({ caller }) => isDrain(caller));
      const keys = new Set(run.map(({ key }) => key));
      this.credited = creditReactions(sightings, keys, this.credited);
    }
    for (const [key, site] of this.sites) {
      if (sightings.has(key)) continue;
      if (site.forgotten > 0 && site.slot >= 0) {
        this.slots.levels[site.slot] = site.forgotten;
      } else {
        this.slots.release(site);
        this.sites.delete(key);
      }
    }
    /** @type {number[]} */
    const slots = [];
    /** @type {number[]} */
    const ordinals = [];
    const largestFirst = [...sightings.values()].sort((a, b) => b.bytes - a.bytes);
    for (const sighting of largestFirst) {
      const slot = this.#slotOf(sighting, largestFirst);
      if (slot < 0) continue;
      for (const ordinal of sighting.ordinals) {
        slots.push(slot);
        ordinals.push(ordinal);
      }
    }
    this.slots.engine.round(
      this.slots.levels,
      last,
      Uint32Array.from(slots),
      Uint32Array.from(ordinals),
    );
  }

  /**
   * @param {Sighting} sighting
   * @param {Sighting[]} all  the largest first
   * @returns {number} -1 when it has no slot
   */
  #slotOf(sighting, all) {
    const { origin, lastingBytes, ordinals } = sighting;
    const level = memoryLevel(lastingBytes);
    let site = this.sites.get(origin.key);
    if (site === undefined || site.slot < 0) {
      if (ordinals.length < MIN_SAMPLES || this.sites.size >= MAX_SITES) return -1;
      const id = this.reader.siteId(origin);
      if (id === 0) return -1;
      site = { slot: -1, evicted() {}, origin, site: id, forgotten: 0 };
      const what = sighting.what();
      const kind = KIND_OF_WHAT[/** @type {keyof typeof KIND_OF_WHAT} */ (what)] ?? 'objects';
      const floor = Math.max(this.#floor(), memoryLevel(this.former.get(origin.key) ?? 0));
      const subject = { kind, what, owner: '', floor, level, atRounds: true };
      if (!this.slots.claim(site, subject)) return -1;
      this.sites.set(origin.key, site);
      this.#blame(site, sighting, all);
    }
    this.slots.levels[site.slot] = site.forgotten + level;
    return site.slot;
  }

  /** As levels count. */
  #floor() {
    return memoryLevel(this.floorBytes || SAMPLES_OF_A_SITE * this.distance.bytes);
  }

  /**
   * V8 counts what an inlined function allocates to its caller, so the functions that were seen below
   * the site before they were inlined are named beside it. The site keeps the larger share. Node's own
   * calls everybody: below it there is nobody to name.
   * @param {Site} site
   * @param {Sighting} sighting
   * @param {Sighting[]} all  the largest first
   */
  #blame({ slot, site }, { origin, ordinals }, all) {
    const below = (origin.site.internal ? [] : all)
      .filter((other) => isCalledBy(other.origin, origin.key))
      .slice(0, MAX_NAMED_BELOW)
      .map((other) => ({ id: this.reader.siteId(other.origin), samples: other.ordinals.length }))
      .filter(({ id }) => id !== 0);
    const samples = below.reduce((sum, other) => sum + other.samples, ordinals.length);
    this.slots.engine.sampleBorn(slot, site, samples);
    for (const { id, samples: weight } of below) this.slots.engine.sampleBorn(slot, id, weight);
  }

  /** @returns {Profile | null} */
  #read() {
    if (this.heap === null) return null;
    try {
      return this.heap.read();
    } catch {
      // Whoever started or stopped it meanwhile, it has ended.
      this.#startAnew();
      return null;
    }
  }

  /**
   * @param {Sample[]} [samples]  that are about to be forgotten; what was the last time may still live
   *   beside them
   * @param {Map<number, Origin>} [origins]  theirs, by node id
   */
  #startAnew(samples = [], origins = new Map()) {
    const { heap } = this;
    if (heap === null) return;
    this.#remember(samples, origins);
    heap.stop();
    this.#forget();
    try {
      this.#startSampling(heap);
    } catch (error) {
      this.stop();
      this.say(`survivors: V8's heap profiler has ended and cannot be started: ${error}`);
    }
  }

  /**
   * @param {Sample[]} samples
   * @param {Map<number, Origin>} origins  by node id
   */
  #remember(samples, origins) {
    for (const { nodeId, size } of samples) {
      const origin = origins.get(nodeId);
      if (origin !== undefined)
        this.former.set(origin.key, (this.former.get(origin.key) ?? 0) + size);
    }
  }

  /** A finding stands: that samples are forgotten is no news of what they were samples of. */
  #forget() {
    const told = new Set(this.slots.engine.forgetRounds());
    for (const [key, site] of this.sites) {
      if (told.has(site.slot)) {
        site.forgotten = this.slots.levels[site.slot];
      } else {
        this.slots.release(site);
        this.sites.delete(key);
      }
    }
    this.inlining = new Inlining();
    this.repetition = new Repetition();
    this.ends = { last: 0, beforeLast: 0 };
    this.sampler = 'none';
  }

  /** @param {HeapSampler} heap */
  #startSampling(heap) {
    heap.start(this.distance.bytes);
    this.sampler = 'ours';
  }
}

exports.Survivors = Survivors;
