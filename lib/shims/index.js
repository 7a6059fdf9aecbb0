'use strict';

/** All hooks, and what they are given. A shim knows neither the ledger nor the addon. */

const { createBirthsShim } = require('./births');
const { createCollectionsShim } = require('./collections');
const { createEventEmitterShim } = require('./event-emitter');
const { createEventTargetShim } = require('./event-target');
const { createHandlesShim } = require('./handles');
const { createInspectorShim } = require('./inspector');
const { createRemovalsShim } = require('./removals');
const { createTimersShim } = require('./timers');

/**
 * Read anew whenever the hooks are opened: a shim is made once, for the life of the process.
 * @typedef {object} Limits
 * @property {{ threshold: number, floor: number }} listeners
 * @property {{ threshold: number, floor: number }} collections
 * @property {{ floor: number }} intervals
 * @property {{ floor: number }} timeouts
 * @property {{ listeners: number, collections: number }} looksFrom  sizes from which the hooks look: the
 *   thresholds, or all there is while registrations are recorded
 * @property {number} latestMark  ordinal of the last mark; 0: registrations are not recorded
 * @property {boolean} births  whether the making of what can be registered on is noted: while registrations are recorded,
 *   and before that in the process of a suite
 * @property {boolean} trends  false: nothing counts but what is recorded
 * @property {number} attention  looks granted per tick
 * @property {boolean} sampling  whether V8's heap profiler is used
 */
/**
 * What a shim is given; no function throws.
 * @typedef {object} Recorder
 * @property {import('../run').Run['added']} added
 * @property {(owner: object, detail: unknown, member: unknown) => boolean} records  whether an addition is to be recorded, for
 *   which the hook captures the stack: a frame between would cost a microsecond
 * @property {(dueMs?: number) => boolean} recordsMade  the same of what has no owner
 * @property {import('../run').Run['timerMade']} made             a timer
 * @property {import('../run').Run['handleOpened']} opened        a handle
 * @property {import('../handles').Handles['accepted']} accepted  a server's connection
 * @property {import('../run').Run['pathOpened']} pathOpened     a path
 * @property {import('../registrations').Registrations['noteSize']} removing  something of that size is about to lose some
 * @property {() => void} heapProfilerStarts  the host is about to start one of its own
 * @property {Limits} limits
 */
/**
 * @typedef {object} Shim
 * @property {string} name  as in the report's `shims`
 * @property {import('../sampler').Sampler[]} samplers
 * @property {() => boolean} [isNeeded]  false: not at this level
 * @property {(patches: import('../patch').PatchSet) => void} install
 * @property {(patches: import('../patch').PatchSet) => boolean} [installLate]  the rest, as soon as Node has
 *   loaded what it is in: asked at the start and at each tick until it is true
 * @property {(patches: import('../patch').PatchSet, realm: typeof globalThis) => void} [installRealm]  in another
 *   realm, with intrinsics of its own
 * @property {{ name: string, subscriber: (message: unknown) => void }[]} [channels]  of `diagnostics_channel`
 */
/** @typedef {(recorder: Recorder) => Shim} CreateShim */

/** @type {CreateShim[]} */
const createShims = [
  createEventEmitterShim,
  createEventTargetShim,
  createTimersShim,
  createCollectionsShim,
  createHandlesShim,
  createInspectorShim,
  createBirthsShim,
  createRemovalsShim,
];

exports.createShims = createShims;
