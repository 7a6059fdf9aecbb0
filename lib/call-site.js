'use strict';

/**
 * Finds the line that called a patched function: the first frame outside Node and leakguard, and,
 * when that is in a package, the first frame of the application above it.
 *
 * A capture costs 1.5-4 us (four frames), ten times what the hooked operation costs, so shims call
 * this past a threshold or on samples only. A frame is recognised by file and position before
 * anything is formatted.
 *
 * Nothing of the stack survives the call.
 */

const path = require('node:path');
const { Frames } = require('./frames');
const { loadNative } = require('./native');
const { DEEP_STACK_FRAMES, captureStack, stacksAreFrozen } = require('./stack');

/** Enough to meet the caller and, mostly, the application behind one library frame. */
const SHORT_STACK_FRAMES = 4;
/** Below it on the stack is a test runner, which may run a test while it loads the file. */
const MARKS_FILE = path.join(__dirname, 'marks.js');
/** Whose frames are on the stack while a module is evaluated: Node's loaders, jest's and vite's. */
const LOADER_FILE = /^node:internal\/modules\//;
/** Of runners: what they make of a function stands between it and who calls it. */
const SPY_PACKAGES = ['jest-mock', '@vitest/spy', 'tinyspy'];
const LOADER_PACKAGES = ['jest-runtime', 'vite', 'vite-node'];

/**
 * Who is to blame: the first frame of the host's, and, where that is in a package, the first of the
 * application above it.
 * @typedef {{ site: KnownFrame | undefined, app: KnownFrame | undefined }} Origin
 */
/** @typedef {import('./frames').KnownFrame} KnownFrame */

/** @type {Origin} */
const UNKNOWN = { site: undefined, app: undefined };

/** @param {KnownFrame} place */
const isSpy = ({ frame }) => frame.package !== null && SPY_PACKAGES.includes(frame.package);

class CallSites {
  /** @param {import('./frames').Frames['native']} native */
  constructor(native) {
    this.frames = new Frames(native);
    this.closed = false;
    /** Whether the last `captureRegistration` was called while a module was being loaded. */
    this.isLoading = false;
    /** Whether it was a function of Node's own that registered, on behalf of the host. */
    this.isNodes = false;
    /** Places that have registered before. @type {WeakSet<KnownFrame>} */
    this.registered = new WeakSet();
    /** Those in a test runner. @type {WeakSet<KnownFrame>} */
    this.runners = new WeakSet();
  }

  /** From now on every site is unknown, and nothing is captured. */
  close() {
    this.closed = true;
  }

  /**
   * @param {Function | NodeJS.CallSite[]} below  the patched function whose caller is asked for, or the stack
   *   above it
   * @param {boolean} [hostOnly]  whether a stack of nothing but Node's own frames is unknown
   * @returns {number} native site id, 0 for unknown
   */
  capture(below, hostOnly = false) {
    if (this.closed) return 0;
    if (Array.isArray(below)) return this.#pick(below, true, hostOnly) ?? 0;
    const callSites = captureStack(below, SHORT_STACK_FRAMES);
    return (
      this.#pick(callSites, false, hostOnly) ??
      this.#pick(captureStack(below, DEEP_STACK_FRAMES), true, hostOnly) ??
      0
    );
  }

  /**
   * As `capture`, and tells whether Node did it on behalf of the host, and whether a module was being
   * loaded. That happens once, so only the first registration of a place is looked at so closely.
   * @param {Function | NodeJS.CallSite[]} below  as there
   * @returns {Origin | undefined} undefined when Node or a test runner does it by itself
   */
  captureRegistration(below) {
    this.isLoading = false;
    this.isNodes = false;
    if (this.closed) return UNKNOWN;
    // Seldom, so with cold caches: then sixteen frames cost no more than four, and twice four do.
    const callSites = Array.isArray(below) ? below : captureStack(below, DEEP_STACK_FRAMES);
    if (callSites.length === 0) return stacksAreFrozen() ? UNKNOWN : undefined;
    let at = 0;
    let place = this.#know(callSites[0]);
    while (place.internal || isSpy(place)) {
      this.isNodes ||= place.internal;
      at += 1;
      if (at === callSites.length) return undefined;
      place = this.#know(callSites[at]);
    }
    if (this.runners.has(place)) return undefined;
    if (!this.registered.has(place)) {
      const { package: name } = place.frame;
      if (name !== null && loadNative().isTestRunner(name)) {
        this.runners.add(place);
        return undefined;
      }
      this.registered.add(place);
      const frames = callSites.map((callSite) => this.#know(callSite).frame);
      const runner = frames.findIndex(({ file }) => file === MARKS_FILE);
      this.isLoading = frames.slice(0, runner === -1 ? undefined : runner).some(isLoader);
    }
    // Mostly the application itself.
    if (place.frame.package === null) return { site: place, app: undefined };
    return this.#find(callSites.slice(at));
  }

  /**
   * @param {Origin} origin
   * @returns {number} native site id, 0 for unknown
   */
  idOf({ site, app }) {
    return site === undefined || this.closed ? 0 : this.frames.siteId(site, app);
  }

  /**
   * @param {NodeJS.CallSite[]} callSites
   * @param {boolean} deep  whether this is all there is
   * @param {boolean} hostOnly
   * @returns {number | undefined} undefined when more frames are needed to tell
   */
  #pick(callSites, deep, hostOnly) {
    const origin = this.#find(callSites);
    const isWhole = origin.site?.frame.package === null || origin.app !== undefined;
    if (!deep && !isWhole && callSites.length === SHORT_STACK_FRAMES) return undefined;
    if (origin.site !== undefined) return this.idOf(origin);
    if (hostOnly) return 0;
    // Nothing but Node itself: name what there is.
    return callSites.length > 0 ? this.frames.siteId(this.#know(callSites[0]), undefined) : 0;
  }

  /**
   * @param {NodeJS.CallSite[]} callSites
   * @returns {Origin}
   */
  #find(callSites) {
    /** @type {KnownFrame | undefined} */
    let site;
    for (const callSite of callSites) {
      const known = this.#know(callSite);
      if (known.internal) continue;
      if (known.frame.package === null) return { site: site ?? known, app: site && known };
      site ??= known;
    }
    return { site, app: undefined };
  }

  /**
   * @param {NodeJS.CallSite} callSite
   * @returns {KnownFrame}
   */
  #know(callSite) {
    const script = callSite.getFileName() ?? callSite.getEvalOrigin() ?? '';
    const position = /** @type {any} */ (callSite).getPosition();
    return (
      this.frames.get(script, position) ??
      this.frames.add(script, position, {
        line: callSite.getLineNumber() ?? 0,
        column: callSite.getColumnNumber() ?? 0,
        function: callSite.getFunctionName() ?? '',
      })
    );
  }
}

/** @param {import('./frames').Frame} frame */
const isLoader = ({ file, package: name }) =>
  LOADER_FILE.test(file) || LOADER_PACKAGES.includes(name ?? '');

exports.CallSites = CallSites;
