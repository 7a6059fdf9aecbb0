'use strict';

/**
 * Finds the line that called a patched function: the first frame outside Node and leakguard, and,
 * when that is in a package, the first frame of the application above it.
 *
 * A capture costs 1.5-4 us (four frames), ten times what the hooked operation costs, so shims call
 * this past a threshold or on samples only. A frame is recognised by file and position before
 * anything is formatted; names, packages and source maps are looked up once per new frame.
 *
 * Nothing of the stack survives the call: CallSite objects hold receivers and functions, so they
 * are read here and dropped here.
 */

const { existsSync } = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const { captureStackTrace } = Error;

/** Enough to meet the caller and, mostly, the application behind one library frame. */
const SHORT_STACK_FRAMES = 4;
/** V8's own heap profiler keeps as many. */
const DEEP_STACK_FRAMES = 16;
/** Files whose frames are remembered; generated code must not make this grow without end. */
const MAX_FRAMES = 4096;

const OWN_FOLDER = __dirname + path.sep;
const HAS_SCHEME = /^[a-z][a-z\d+.-]+:/i;
const PACKAGE_FOLDER = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/**
 * @typedef {object} Frame
 * @property {string} file      absolute path or `node:` name
 * @property {number} line      from 1
 * @property {number} column    from 1
 * @property {string} function  '' when anonymous
 * @property {string | null} package  null for the application's own code
 * @property {string} module    path inside its package, for signatures
 */
/**
 * @typedef {object} KnownFrame
 * @property {Frame} frame
 * @property {boolean} internal  Node's own or ours: never a site while there is another
 * @property {Map<KnownFrame | null, number>} siteByApp  native site ids, keyed by the application frame
 */

/** @type {Map<string, string>} folder -> the closest folder at or above it with a package.json */
const packageRoots = new Map();

/**
 * @param {string} folder
 * @returns {string}
 */
function packageRoot(folder) {
  let root = packageRoots.get(folder);
  if (root === undefined) {
    const parent = path.dirname(folder);
    const found = parent === folder || existsSync(path.join(folder, 'package.json'));
    root = found ? folder : packageRoot(parent);
    if (packageRoots.size < MAX_FRAMES) packageRoots.set(folder, root);
  }
  return root;
}

/**
 * @param {string} script  a path, a URL, or whatever the host called it
 * @returns {string}
 */
function toPath(script) {
  if (!script.startsWith('file:')) return script;
  try {
    return fileURLToPath(script);
  } catch {
    // A host part or an encoded slash: no path, but still a name.
    return script;
  }
}

/**
 * Where the original source of a position is, when the process maps sources.
 * @param {string} file
 * @param {number} line
 * @param {number} column
 */
function mapSource(file, line, column) {
  if (process.sourceMapsEnabled) {
    const entry = nodeModule.findSourceMap(file)?.findEntry(line - 1, column - 1);
    // A segment may map to nothing; a bundler's own scheme is a name, not a place on the disk.
    if (entry && 'originalSource' in entry && typeof entry.originalSource === 'string') {
      const name = toPath(entry.originalSource);
      return {
        file: HAS_SCHEME.test(name) ? name : path.resolve(path.dirname(file), name),
        line: entry.originalLine + 1,
        column: entry.originalColumn + 1,
      };
    }
  }
  return { file, line, column };
}

/**
 * @param {NodeJS.CallSite} callSite
 * @param {string} script  its file name or URL, '' for code without one
 * @returns {Frame}
 */
function describeFrame(callSite, script) {
  const name = toPath(script);
  const position = mapSource(name, callSite.getLineNumber() ?? 0, callSite.getColumnNumber() ?? 0);
  const inPackage = PACKAGE_FOLDER.exec(position.file);
  const functionName = callSite.getFunctionName() ?? '';
  if (inPackage !== null) {
    const packageName = inPackage[1].replaceAll('\\', '/');
    const inside = position.file.slice(inPackage[0].length).replaceAll('\\', '/');
    return {
      ...position,
      function: functionName,
      package: packageName,
      module: `${packageName}/${inside}`,
    };
  }
  const module = path.isAbsolute(position.file)
    ? path.relative(packageRoot(path.dirname(position.file)), position.file).replaceAll('\\', '/')
    : position.file;
  return { ...position, function: functionName, package: null, module };
}

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
 * @returns {NodeJS.CallSite[]} empty when Error cannot be configured (`--frozen-intrinsics`)
 */
function captureStack(below, limit) {
  const { stackTraceLimit, prepareStackTrace } = Error;
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
  return result;
}

class CallSites {
  /**
   * @param {object} native
   * @param {(site: string) => number} native.defineSite  JSON of the site -> id, 0 when the table is full
   */
  constructor(native) {
    this.native = native;
    /** @type {Map<string, Map<number, KnownFrame>>} script -> position in it -> frame */
    this.frames = new Map();
    this.frameCount = 0;
  }

  /**
   * @param {Function} below  the patched function whose caller is asked for
   * @param {boolean} [hostOnly]  whether a stack of nothing but Node's own frames is unknown
   * @returns {number} native site id, 0 for unknown
   */
  capture(below, hostOnly = false) {
    const callSites = captureStack(below, SHORT_STACK_FRAMES);
    return (
      this.#pick(callSites, false, hostOnly) ??
      this.#pick(captureStack(below, DEEP_STACK_FRAMES), true, hostOnly) ??
      0
    );
  }

  /**
   * Forgets the ids that the native table has freed.
   * @param {Uint32Array} freed
   */
  forget(freed) {
    const ids = new Set(freed);
    for (const positions of this.frames.values()) {
      for (const known of positions.values()) {
        for (const [app, id] of known.siteByApp) if (ids.has(id)) known.siteByApp.delete(app);
      }
    }
  }

  /**
   * @param {NodeJS.CallSite[]} callSites
   * @param {boolean} deep  whether this is all there is
   * @param {boolean} hostOnly
   * @returns {number | undefined} undefined when more frames are needed to tell
   */
  #pick(callSites, deep, hostOnly) {
    /** @type {KnownFrame | undefined} */
    let site;
    for (const callSite of callSites) {
      const known = this.#know(callSite);
      if (known.internal) continue;
      if (known.frame.package === null) return this.#siteId(site ?? known, site && known);
      site ??= known;
    }
    if (!deep && callSites.length === SHORT_STACK_FRAMES) return undefined;
    if (site !== undefined) return this.#siteId(site, undefined);
    if (hostOnly) return 0;
    // Nothing but Node itself: name what there is.
    return callSites.length > 0 ? this.#siteId(this.#know(callSites[0]), undefined) : 0;
  }

  /**
   * @param {NodeJS.CallSite} callSite
   * @returns {KnownFrame}
   */
  #know(callSite) {
    const script = callSite.getFileName() ?? callSite.getEvalOrigin() ?? '';
    const position = /** @type {any} */ (callSite).getPosition();
    let positions = this.frames.get(script);
    let known = positions?.get(position);
    if (known === undefined) {
      if (this.frameCount >= MAX_FRAMES) {
        this.frames.clear();
        this.frameCount = 0;
        positions = undefined;
      }
      const frame = describeFrame(callSite, script);
      const internal =
        script === '' || script.startsWith('node:') || frame.file.startsWith(OWN_FOLDER);
      known = { frame, internal, siteByApp: new Map() };
      if (positions === undefined) {
        positions = new Map();
        this.frames.set(script, positions);
      }
      positions.set(position, known);
      this.frameCount += 1;
    }
    return known;
  }

  /**
   * @param {KnownFrame} site
   * @param {KnownFrame | undefined} app
   */
  #siteId(site, app) {
    // Code without a file, such as what a debugger evaluates.
    if (site.frame.file === '') return 0;
    const key = app ?? null;
    let id = site.siteByApp.get(key);
    if (id === undefined) {
      id = this.native.defineSite(JSON.stringify({ ...site.frame, app: app?.frame ?? null }));
      if (id !== 0) site.siteByApp.set(key, id);
    }
    return id;
  }
}

exports.CallSites = CallSites;
