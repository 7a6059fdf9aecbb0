'use strict';

/**
 * Reads V8's sampling heap profile (the object behind a `.heapprofile`): for each live sample the line
 * that allocated it, and what sort of thing it is as far as the stack tells.
 *
 * A node's stack ends in builtins and Node's own functions (`push`, `set`, `addListener`); the site
 * is the first frame above them that is neither. A frame is a function, not a line in it: V8 notes
 * where the allocating function begins, and counts what was inlined to the caller. Async stacks are
 * not in it, so behind an `await` the application's frame may be missing.
 */

/** @typedef {import('node:inspector').Runtime.CallFrame} CallFrame */
/**
 * The types of Node.js know an older protocol, without samples.
 * @typedef {{ callFrame: CallFrame, selfSize: number, id: number, children: ProfileNode[] }} ProfileNode
 * @typedef {{ size: number, nodeId: number, ordinal: number }} Sample  bytes it stands for
 * @typedef {{ head: ProfileNode, samples: Sample[] }} Profile
 */
/**
 * Whose a node's samples are.
 * @typedef {object} Origin
 * @property {string} key         the same for the same site in every profile
 * @property {KnownFrame} site
 * @property {KnownFrame | undefined} app
 * @property {string} what        `array`, `Map`, `promise`, ...; `object` where nobody can tell
 * @property {Origin | undefined} caller  the site that called this one; Node's where none of the host's did
 */
/** @typedef {import('./frames').KnownFrame} KnownFrame */

/** What the first builtin below the site allocates. @type {Map<string, string>} */
const WHAT_BUILTINS_MAKE = new Map(
  Object.entries({
    array: ['push', 'unshift', 'splice', 'concat', 'map', 'filter', 'slice', 'from', 'Array'],
    Map: ['Map'],
    Set: ['Set'],
    table: ['set', 'add'],
    promise: ['Promise', 'then', 'race', 'all', 'any', 'allSettled', 'withResolvers', 'finally'],
    string: [
      'repeat',
      'join',
      'padStart',
      'padEnd',
      'replace',
      'replaceAll',
      'toString',
      'stringify',
    ],
    buffer: ['ArrayBuffer', 'alloc', 'allocUnsafe', 'Uint8Array'],
    closure: ['bind'],
    error: ['Error', 'captureStackTrace'],
  }).flatMap(([what, names]) =>
    names.map((name) => /** @type {[string, string]} */ ([name, what])),
  ),
);

/**
 * What a Map or Set keeps its entries in. It grows by doubling, which is no trend, and who adds too
 * much to one is the business of the hooks.
 */
const TABLE = 'table';

/** Of Node's own parser of HTTP; what it calls back allocates. */
const WASM = 'wasm:';
const MODULE_LOADER = 'node:internal/modules/';
/** What a module and all that it calls allocate while it is loaded. */
const MODULE = 'module';
/** Of our own code only the hooks, and what runs the host's, stand between it and what it allocates. */
const BETWEEN = new Set(['wrapper', 'run', 'callHost']);

/**
 * What these make is Node's, whoever calls them: the timings of `fetch`, of which it keeps the first 250
 * for `performance.getEntriesByType('resource')`. A service that has just begun fills that in a straight
 * line.
 */
const NODES_OWN = new Set(['createOpaqueTimingInfo', 'clampAndCoarsenConnectionTimingInfo']);

class HeapProfileReader {
  /** @param {import('./frames').Frames} frames */
  constructor(frames) {
    this.frames = frames;
  }

  /**
   * @param {Profile} profile
   * @returns {Map<number, Origin>} by node id; without what has no site, without what is ours, and
   *   without the tables of collections
   */
  origins({ head }) {
    /** @type {Map<number, Origin>} */
    const origins = new Map();
    /** @type {[ProfileNode, Partial<Origin>][]} */
    const open = [[head, {}]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [node, above] = next;
      const origin = this.#descend(node, above);
      if (origin === undefined) continue;
      if (origin.site !== undefined && origin.what !== TABLE)
        origins.set(node.id, /** @type {Origin} */ (origin));
      for (const child of node.children) open.push([child, origin]);
    }
    return origins;
  }

  /**
   * @param {Origin} origin
   * @returns {number} native site id, 0 for unknown
   */
  siteId({ site, app }) {
    return this.frames.siteId(site, site.frame.package === null ? undefined : app);
  }

  /**
   * @param {ProfileNode} node
   * @param {Partial<Origin>} above  of its parent
   * @returns {Partial<Origin> | undefined} undefined: this and all below it is our own doing
   */
  #descend({ callFrame }, above) {
    if (callFrame.url === '' || callFrame.url.startsWith(WASM)) {
      if (above.what !== 'object') return above;
      return { ...above, what: WHAT_BUILTINS_MAKE.get(callFrame.functionName) ?? 'object' };
    }
    const known = this.#know(callFrame);
    if (known.internal) {
      const isOurs = !callFrame.url.startsWith('node:');
      if (isOurs) return BETWEEN.has(callFrame.functionName) ? above : undefined;
      // Node's own allocations, until somebody of the host's is met further down.
      const nobodys = above.site === undefined || above.site.internal;
      if (nobodys || NODES_OWN.has(callFrame.functionName)) {
        return { key: keyOf(known), site: known, what: 'object', caller: undefined };
      }
      // Whatever a module makes while it is loaded is made once.
      return callFrame.url.startsWith(MODULE_LOADER) ? { ...above, what: MODULE } : above;
    }
    const app = known.frame.package === null ? known : above.app;
    const outside = known.frame.package === null ? undefined : app;
    return {
      key: outside === undefined ? keyOf(known) : `${keyOf(known)}<${keyOf(outside)}`,
      site: known,
      app,
      what: above.what === MODULE ? MODULE : 'object',
      caller: above.site === undefined ? undefined : /** @type {Origin} */ (above),
    };
  }

  /**
   * @param {CallFrame} callFrame
   * @returns {KnownFrame}
   */
  #know({ url, lineNumber, columnNumber, functionName }) {
    // Exact for 2^26 columns, as of minified code, and 2^27 lines.
    const position = lineNumber * 2 ** 26 + columnNumber;
    return (
      this.frames.get(url, position) ??
      this.frames.add(url, position, {
        line: lineNumber + 1,
        column: columnNumber + 1,
        function: functionName,
      })
    );
  }
}

/** @param {KnownFrame} known */
function keyOf({ frame }) {
  return `${frame.file}:${frame.line}:${frame.column}`;
}

/**
 * The part of a profile that some nodes are to blame for: what is not on the way to one is left out.
 * @param {Profile} profile
 * @param {(nodeId: number) => boolean} isWanted
 * @returns {Profile}
 */
function pruned({ head, samples }, isWanted) {
  /** @type {Set<number>} */
  const kept = new Set();
  /**
   * @param {ProfileNode} node
   * @returns {ProfileNode | undefined}
   */
  const prune = (node) => {
    const wanted = isWanted(node.id);
    const children = node.children.flatMap((child) => prune(child) ?? []);
    if (!wanted && children.length === 0) return undefined;
    if (wanted) kept.add(node.id);
    return { ...node, selfSize: wanted ? node.selfSize : 0, children };
  };
  return {
    head: prune(head) ?? { ...head, selfSize: 0, children: [] },
    samples: samples.filter(({ nodeId }) => kept.has(nodeId)),
  };
}

/**
 * @param {Sample[]} samples
 * @returns {number} ordinal of the one that was taken last; 0 without any
 */
function youngestOf(samples) {
  return samples.reduce((most, { ordinal }) => Math.max(most, ordinal), 0);
}

exports.HeapProfileReader = HeapProfileReader;
exports.pruned = pruned;
exports.youngestOf = youngestOf;
