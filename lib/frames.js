'use strict';

/**
 * What a place in a script is to a reader: its file, package and line of the original source, and the
 * number that the ledger knows it by. Places are looked up by script and a position the caller has
 * at hand, so that names, packages and source maps cost nothing from the second time on.
 *
 * It knows nothing of where places come from: stacks (lib/call-site.js) or V8's heap profile
 * (lib/heap-profile.js).
 */

const { existsSync } = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

/** Frames that are remembered; generated code must not make this grow without end. */
const MAX_FRAMES = 4096;

const OWN_FOLDER = __dirname + path.sep;
const HAS_SCHEME = /^[a-z][a-z\d+.-]+:/i;
const PACKAGE_FOLDER = /^.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/**
 * @typedef {object} Place
 * @property {number} line      from 1
 * @property {number} column    from 1
 * @property {string} function  '' when anonymous
 */
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
 * @param {string} script  file name or URL, '' for code without one
 * @param {Place} place
 * @returns {Frame}
 */
function describeFrame(script, place) {
  const position = mapSource(toPath(script), place.line, place.column);
  const inPackage = PACKAGE_FOLDER.exec(position.file);
  if (inPackage !== null) {
    const packageName = inPackage[1].replaceAll('\\', '/');
    const inside = position.file.slice(inPackage[0].length).replaceAll('\\', '/');
    return {
      ...position,
      function: place.function,
      package: packageName,
      module: `${packageName}/${inside}`,
    };
  }
  const module = path.isAbsolute(position.file)
    ? path.relative(packageRoot(path.dirname(position.file)), position.file).replaceAll('\\', '/')
    : position.file;
  return { ...position, function: place.function, package: null, module };
}

class Frames {
  /**
   * @param {object} native
   * @param {(site: string) => number} native.defineSite  JSON of the site -> id, 0 when the table is full
   */
  constructor(native) {
    this.native = native;
    /** @type {Map<string, Map<number, KnownFrame>>} script -> position in it -> frame */
    this.known = new Map();
    this.count = 0;
  }

  /**
   * @param {string} script
   * @param {number} position  whatever tells places of one script apart
   */
  get(script, position) {
    return this.known.get(script)?.get(position);
  }

  /**
   * @param {string} script
   * @param {number} position
   * @param {Place} place
   * @returns {KnownFrame}
   */
  add(script, position, place) {
    if (this.count >= MAX_FRAMES) {
      this.known.clear();
      this.count = 0;
    }
    const frame = describeFrame(script, place);
    const internal =
      script === '' || script.startsWith('node:') || frame.file.startsWith(OWN_FOLDER);
    const known = { frame, internal, siteByApp: new Map() };
    let positions = this.known.get(script);
    if (positions === undefined) {
      positions = new Map();
      this.known.set(script, positions);
    }
    positions.set(position, known);
    this.count += 1;
    return known;
  }

  /**
   * @param {KnownFrame} site
   * @param {KnownFrame | undefined} app  the application's frame above it, when the site is in a package
   * @returns {number} native site id, 0 for unknown
   */
  siteId(site, app) {
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

  /**
   * Forgets the ids that the native table has freed.
   * @param {Uint32Array} freed
   */
  forget(freed) {
    const ids = new Set(freed);
    for (const positions of this.known.values()) {
      for (const known of positions.values()) {
        for (const [app, id] of known.siteByApp) if (ids.has(id)) known.siteByApp.delete(app);
      }
    }
  }
}

exports.Frames = Frames;
