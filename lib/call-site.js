'use strict';

/**
 * Finds the line that called a patched function: the first frame outside Node and leakguard, and,
 * when that is in a package, the first frame of the application above it.
 *
 * A capture costs 1.5-4 us (four frames), ten times what the hooked operation costs, so shims call
 * this past a threshold or on samples only. A frame is recognised by file and position before
 * anything is formatted.
 *
 * Nothing of the stack survives the call: CallSite objects hold receivers and functions, so they
 * are read here and dropped here.
 */

const path = require('node:path');
const { Frames } = require('./frames');
const { loadNative } = require('./native');

const { captureStackTrace } = Error;

/** Enough to meet the caller and, mostly, the application behind one library frame. */
const SHORT_STACK_FRAMES = 4;
/** V8's own heap profiler keeps as many. */
const DEEP_STACK_FRAMES = 16;

/** Below it on the stack is a test runner, which may run a test while it loads the file. */
const MARKS_FILE = path.join(__dirname, 'marks.js');
/** Whose frames are on the stack while a module is evaluated: Node's loaders, jest's and vite's. */
const LOADER_FILE = /^node:internal\/modules\//;
const LOADER_PACKAGES = ['jest-runtime', 'vite', 'vite-node'];

/** @type {NodeJS.CallSite[]} */
let captured = [];
/**
 * @param {unknown} _holder
 * @param {NodeJS.CallSite[]} callSites
 */
function keepCallSites(_holder, callSites) {
  captured = callSites;
}

/**
 * The structured stack above `below`, its own frame left out.
 * @param {Function} below
 * @param {number} limit  frames
 * @returns {NodeJS.CallSite[] | undefined} undefined when Error cannot be configured (`--frozen-intrinsics`)
 */
function captureStack(below, limit) {
  const { stackTraceLimit, prepareStackTrace } = Error;
  let failed = false;
  captured = [];
  try {
    Error.stackTraceLimit = limit;
    Error.prepareStackTrace = keepCallSites;
    const holder = { stack: undefined };
    captureStackTrace(holder, below);
    // Reading the property is what runs prepareStackTrace.
    void holder.stack;
  } catch {
    // A frozen Error: no site is better than an exception in the host.
    failed = true;
  } finally {
    try {
      Error.stackTraceLimit = stackTraceLimit;
      Error.prepareStackTrace = prepareStackTrace;
    } catch {
      // The same frozen Error, which therefore was never changed.
    }
  }
  const result = captured;
  captured = [];
  return failed ? undefined : result;
}

/**
 * Who is to blame: the first frame of the host's, and, where that is in a package, the first of the
 * application above it.
 * @typedef {{ site: KnownFrame | undefined, app: KnownFrame | undefined }} Origin
 */
/** @typedef {import('./frames').KnownFrame} KnownFrame */

/** @type {Origin} */
const UNKNOWN = { site: undefined, app: undefined };

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
   * @param {Function} below  the patched function whose caller is asked for
   * @param {boolean} [hostOnly]  whether a stack of nothing but Node's own frames is unknown
   * @returns {number} native site id, 0 for unknown
   */
  capture(below, hostOnly = false) {
    if (this.closed) return 0;
    const callSites = captureStack(below, SHORT_STACK_FRAMES) ?? [];
    return (
      this.#pick(callSites, false, hostOnly) ??
      this.#pick(captureStack(below, DEEP_STACK_FRAMES) ?? [], true, hostOnly) ??
      0
    );
  }

  /**
   * As `capture`, and tells whether Node did it on behalf of the host, and whether a module was being
   * loaded. That happens once, so only the first registration of a place is looked at so closely.
   * @param {Function} below
   * @returns {Origin | undefined} undefined when Node or a test runner does it by itself
   */
  captureRegistration(below) {
    this.isLoading = false;
    this.isNodes = false;
    if (this.closed) return UNKNOWN;
    // Seldom, so with cold caches: then sixteen frames cost no more than four, and twice four do.
    const callSites = captureStack(below, DEEP_STACK_FRAMES);
    if (callSites === undefined) return UNKNOWN;
    if (callSites.length === 0) return undefined;
    this.isNodes = this.#know(callSites[0]).internal;
    const first = callSites.find((callSite) => !this.#know(callSite).internal);
    if (first === undefined) return undefined;
    const place = this.#know(first);
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
    return this.#find(callSites);
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
