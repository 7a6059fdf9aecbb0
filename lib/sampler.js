'use strict';

/**
 * Decides which calls over a threshold are looked at, so that a hot path pays one decrement.
 *
 * Each tick grants `attention` looks one after the other; past them one call in `stride` is looked
 * at, and ever fewer the hotter the tick (as Netty and SWAT do), at random distances: a fixed one
 * would always meet the same caller of a request that makes two calls. A slow leak is thus seen call
 * by call, and a hot healthy list costs nothing.
 * The shim writes the fast path itself, on these public fields:
 *
 *     if (size >= sampler.threshold) {
 *       if (--sampler.skip < 0) look(..., sampler.next());
 *       else if (size === sampler.threshold && --sampler.discoveries >= 0) look(..., 1);
 *     }
 *
 * The second line meets a list for sure when it reaches the threshold, however busy the others are,
 * but only so often per tick: a list may stand there for good. A closed sampler has the largest threshold and skip that
 * V8 keeps in a field without a heap number, which makes its shim a pass-through.
 */

const { random } = require('./clock');

/** Looks after which the stride doubles within a tick, and how often it may. */
const LOOKS_PER_DOUBLING = 8;
const MAX_DOUBLINGS = 7;

/** Ticks whose looks are granted at the opening: a test ends before the first. */
const TICKS_AT_ONCE = 4;

/** Lists per tick that are met for having reached the threshold. */
const DISCOVERIES_PER_TICK = 16;

/** Largest small integer of V8 with pointer compression, 2^30 - 1. */
const NEVER = 0x3fffffff;

/**
 * @typedef {object} SamplerLimits
 * @property {number} threshold  size from which calls are looked at
 * @property {number} attention  looks granted per tick
 * @property {number} stride     mean distance of looks past the attention
 */

class Sampler {
  /** @param {() => SamplerLimits} readLimits  asked at every opening */
  constructor(readLimits) {
    this.readLimits = readLimits;
    /** @type {SamplerLimits} */
    this.limits = { threshold: NEVER, attention: 0, stride: 1 };
    this.threshold = NEVER;
    this.skip = NEVER;
    this.attention = 0;
    /** Looks of this tick past its attention. */
    this.looks = 0;
    this.discoveries = 0;
    /** Calls that the next look stands for; 0 while closed. */
    this.weight = 0;
  }

  open() {
    this.limits = this.readLimits();
    this.threshold = this.limits.threshold;
    this.tick();
    this.grant(this.limits.attention * TICKS_AT_ONCE);
  }

  close() {
    this.threshold = NEVER;
    this.skip = NEVER;
    this.attention = 0;
    this.weight = 0;
  }

  /**
   * Called at every tick, and by whoever needs more looks before the next one.
   * @param {number} attention
   */
  grant(attention) {
    if (this.threshold === NEVER) return;
    this.attention = Math.max(this.attention, attention);
    this.skip = 0;
    this.weight = 1;
  }

  tick() {
    this.looks = 0;
    this.discoveries = DISCOVERIES_PER_TICK;
    this.grant(this.limits.attention);
  }

  /** @returns {number} how many calls the present look stands for; 0: none, the sampler is closed */
  next() {
    const { weight } = this;
    if (weight === 0) {
      this.skip = NEVER;
    } else if (this.attention > 0) {
      this.attention -= 1;
      this.skip = 0;
      this.weight = 1;
    } else {
      const doublings = Math.min(Math.floor(this.looks / LOOKS_PER_DOUBLING), MAX_DOUBLINGS);
      const stride = this.limits.stride << doublings;
      this.looks += 1;
      // Even distances from 0 to 2 * (stride - 1), mean stride - 1.
      this.skip = Math.floor(random() * (2 * stride - 1));
      this.weight = stride;
    }
    return weight;
  }
}

/**
 * Halves a full set of samples: of each pair one at random stays and stands for both, so that what
 * is later counted of them (deaths above all) stays right on average.
 * @template {{ weight: number }} Sample
 * @param {Sample[]} samples
 * @returns {Sample[]}
 */
function thin(samples) {
  return samples.filter((sample, index) => {
    const pair = index ^ 1;
    if (index < pair) {
      const doubled = samples[random() < 0.5 ? index : pair] ?? sample;
      doubled.weight *= -2;
    }
    const stays = sample.weight < 0;
    if (stays) sample.weight = -sample.weight;
    return stays;
  });
}

exports.Sampler = Sampler;
exports.TICKS_AT_ONCE = TICKS_AT_ONCE;
exports.thin = thin;
