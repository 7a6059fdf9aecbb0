'use strict';

/**
 * Sizes, dominators and classes of real snapshots, node by node, against two analysers that share no code with ours.
 * They agree on everything but what follows, where they have rules of their own.
 *
 * - What only weak references lead to is held by the root to both. To us it has no dominator, and goes by itself.
 * - To heap-snapshot it holds in turn what it refers to, so that nothing else alone does.
 * - To heap-snapshot the root is `(GC roots)`, below which it puts all that the root itself leads to.
 * - To heap-snapshot a pair of a WeakMap is held by the map. V8 writes a reference from the table to the value and
 *   one from the key; we (and memlab) follow both, so that the value goes with what holds both table and key.
 */

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { isDeepStrictEqual } = require('node:util');
const { nodeBinary } = require('../scripts/setup');
const {
  ROOT,
  linesOf,
  onReferenceOnly,
  program,
  runCommand,
  runNode,
  temporaryFolder,
} = require('./child');
const { analyseWith, findBinary } = require('./oracles/heap-snapshot');

const MAJORS = ['20', '22', '24', '26'];
const ORACLES = path.join(__dirname, 'oracles');
const ROOT_ID = 1;
/** The first that the root refers to. */
const GC_ROOTS_ID = 3;
/** Differences that are told. */
const SHOWN = 10;

/**
 * @typedef {object} Sizes
 * @property {number} shallowBytes
 * @property {number} retainedBytes
 */
/** @typedef {Sizes & { dominator: number }} Ours  0 where there is none */
/** @typedef {Sizes & { dominator: number, kind: string, name: string }} Memlabs */
/** @typedef {Sizes & { name: string, count: number }} Class */

/** By kind, the classes that are not named by their members. @type {Record<string, string>} */
const CLASS_BY_KIND = {
  hidden: '(system)',
  array: '(array)',
  string: '(string)',
  code: '(compiled code)',
  closure: 'Function',
  regexp: 'RegExp',
  number: '(number)',
  'concatenated string': '(concatenated string)',
  'sliced string': '(sliced string)',
  symbol: 'symbol',
  bigint: 'bigint',
  'object shape': '(object shape)',
};

/**
 * @param {string} snapshot
 * @returns {{ nodes: Map<number, Ours>, classes: Class[] }}
 */
function analyse(snapshot) {
  // With the profile that `cargo test` has built it with.
  const build = ['--quiet', '--no-default-features', '--profile', 'test', '--example'];
  const output = execFileSync('cargo', ['run', ...build, 'heap-nodes', '--', snapshot], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const [nodes, classes] = output.split('\n\n').map((part) => linesOf(part));
  return {
    nodes: new Map(
      nodes.map((line) => {
        const [id, shallowBytes, retainedBytes, dominator] = line.split('\t').map(Number);
        return [id, { shallowBytes, retainedBytes, dominator }];
      }),
    ),
    classes: classes.map((line) => {
      const [count, shallowBytes, retainedBytes, name] = line.split('\t');
      return {
        name: JSON.parse(name),
        count: Number(count),
        shallowBytes: Number(shallowBytes),
        retainedBytes: Number(retainedBytes),
      };
    }),
  };
}

/**
 * @param {string} snapshot
 * @returns {Promise<Map<number, Memlabs>>}
 */
async function askMemlab(snapshot) {
  const { code, stdout, stderr } = await runNode([path.join(ORACLES, 'memlab.js'), snapshot]);
  assert.equal(code, 0, stderr);
  return new Map(
    linesOf(stdout).map((line) => {
      const [id, shallowBytes, retainedBytes, dominator, kind, name] = line.split('\t');
      const sizes = { shallowBytes: Number(shallowBytes), retainedBytes: Number(retainedBytes) };
      const node = { ...sizes, dominator: Number(dominator), kind, name: JSON.parse(name) };
      return [Number(id), node];
    }),
  );
}

/**
 * The classes of memlab's nodes, of which it knows none: a class retains what those members do that no
 * other is above.
 * @param {Map<number, Memlabs>} nodes
 * @returns {Class[]}
 */
function classesOf(nodes) {
  /** @param {number} id */
  const at = (id) => /** @type {Memlabs} */ (nodes.get(id));
  /** @param {number} id */
  const classOf = (id) => CLASS_BY_KIND[at(id).kind] ?? at(id).name;
  /** @param {number} id */
  const isBelowItsLike = (id) => {
    let above = at(id).dominator;
    while (above !== ROOT_ID && classOf(above) !== classOf(id)) above = at(above).dominator;
    return above !== ROOT_ID;
  };
  /** @type {Map<string, Class>} */
  const classes = new Map();
  for (const [id, { shallowBytes, retainedBytes }] of nodes) {
    const name = classOf(id);
    const found = classes.get(name) ?? { name, count: 0, shallowBytes: 0, retainedBytes: 0 };
    classes.set(name, found);
    found.count += 1;
    found.shallowBytes += shallowBytes;
    if (!isBelowItsLike(id)) found.retainedBytes += retainedBytes;
  }
  classes.delete(classOf(ROOT_ID));
  return [...classes.values()];
}

/**
 * A copy of a snapshot with the references that heap-snapshot goes by: the keys of WeakMaps do not hold their
 * values, and the root holds what nothing but weak references lead to.
 * @param {string} snapshot
 * @param {string} copy
 * @returns {{ weakened: number }} references of keys
 */
function rewrite(snapshot, copy) {
  const heap = JSON.parse(fs.readFileSync(snapshot, 'utf8'));
  const { nodes, edges, strings } = heap;
  const {
    node_fields: nodeFields,
    edge_fields: edgeFields,
    edge_types: types,
  } = heap.snapshot.meta;
  const [idAt, edgeCountAt] = ['id', 'edge_count'].map((name) => nodeFields.indexOf(name));
  const [kindAt, nameAt, toAt] = ['type', 'name_or_index', 'to_node'].map((name) =>
    edgeFields.indexOf(name),
  );
  const [internal, element, shortcut, weak] = ['internal', 'element', 'shortcut', 'weak'].map(
    (kind) => types[kindAt].indexOf(kind),
  );
  const held = new Set([0]);
  let weakened = 0;
  let edge = 0;
  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    for (let left = nodes[node + edgeCountAt]; left > 0; left -= 1) {
      if (edges[edge + kindAt] === internal) {
        // Table and key have a reference of the same name, which says who the table is.
        const pair = /^\d+ \/ part of key .* pair in WeakMap \(table @(\d+)\)$/s;
        const table = pair.exec(strings[edges[edge + nameAt]])?.[1];
        if (table !== undefined && Number(table) !== nodes[node + idAt]) {
          edges[edge + kindAt] = weak;
          weakened += 1;
        }
      }
      const isStrong = ![weak, shortcut].includes(edges[edge + kindAt]);
      if (isStrong) held.add(edges[edge + toAt]);
      edge += edgeFields.length;
    }
  }
  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    if (held.has(node)) continue;
    const reference = new Array(edgeFields.length).fill(0);
    reference[kindAt] = element;
    reference[toAt] = node;
    edges.unshift(...reference);
    nodes[edgeCountAt] += 1;
    heap.snapshot.edge_count += 1;
  }
  fs.writeFileSync(copy, JSON.stringify(heap));
  return { weakened };
}

/**
 * @template T
 * @param {Iterable<T>} all
 * @param {(one: T) => boolean} isWrong
 */
function assertNone(all, isWrong) {
  const wrong = [...all].filter(isWrong);
  assert.equal(wrong.length, 0, JSON.stringify(wrong.slice(0, SHOWN), undefined, 1));
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} major
 * @returns {Promise<string>}
 */
async function takeSnapshot(t, major) {
  const snapshot = path.join(temporaryFolder(t), 'kinds.heapsnapshot');
  const args = [program('holds-all-kinds.js'), snapshot];
  const { code, stderr } = await runCommand(nodeBinary(major), args);
  assert.equal(code, 0, stderr);
  return snapshot;
}

const SETTINGS = { skip: onReferenceOnly };

/**
 * @param {Map<number, Ours>} nodes
 * @param {Map<number, Sizes & { dominator?: number }>} theirs
 * @param {number} rootId  whom they take for the root
 */
function assertAlike(nodes, theirs, rootId) {
  assert.equal(theirs.size, nodes.size);
  assertNone(nodes.keys(), (id) => !theirs.has(id));
  const both = [...nodes].map(([id, ours]) => ({ id, ours, theirs: theirs.get(id) ?? ours }));
  assertNone(both, ({ ours, theirs }) => ours.shallowBytes !== theirs.shallowBytes);
  const below = both.filter(({ id }) => id !== ROOT_ID && id !== rootId);
  const reached = below.filter(({ ours }) => ours.dominator !== 0);
  assert.ok(reached.length > 40_000, `${reached.length} of ${both.length} are reached`);
  assertNone(reached, ({ ours, theirs }) => ours.retainedBytes !== theirs.retainedBytes);
  assertNone(reached, ({ ours, theirs: { dominator } }) => {
    const expected = ours.dominator === ROOT_ID ? rootId : ours.dominator;
    return dominator !== undefined && dominator !== expected;
  });
  const unreached = new Map(
    below.filter(({ ours }) => ours.dominator === 0).map(({ id, theirs }) => [id, theirs]),
  );
  assertNone(unreached.values(), ({ dominator = rootId }) => {
    return dominator !== rootId && !unreached.has(dominator);
  });
  const loose = [...unreached.values()].reduce((sum, { shallowBytes }) => sum + shallowBytes, 0);
  assert.equal(
    theirs.get(rootId)?.retainedBytes,
    Number(nodes.get(ROOT_ID)?.retainedBytes) + loose,
  );
}

for (const major of MAJORS) {
  test(
    `Node.js ${major}: sizes, dominators and classes are those that memlab finds`,
    SETTINGS,
    async (t) => {
      const snapshot = await takeSnapshot(t, major);
      const { nodes, classes } = analyse(snapshot);
      const theirs = await askMemlab(snapshot);
      assertAlike(nodes, theirs, ROOT_ID);

      for (const [id, { dominator }] of nodes) {
        const node = /** @type {Memlabs} */ (theirs.get(id));
        if (dominator !== 0 || id === ROOT_ID) continue;
        node.dominator = ROOT_ID;
        node.retainedBytes = node.shallowBytes;
      }
      const expected = new Map(classesOf(theirs).map((found) => [found.name, found]));
      assert.equal(classes.length, expected.size);
      assertNone(classes, (found) => !isDeepStrictEqual(found, expected.get(found.name)));
    },
  );

  test(
    `Node.js ${major}: sizes and dominators are those that heap-snapshot finds`,
    SETTINGS,
    async (t) => {
      const binary = findBinary();
      if (binary === undefined) return t.skip('its binary does not run here');
      const snapshot = await takeSnapshot(t, major);
      const copy = `${snapshot}.rewritten`;
      assert.ok(rewrite(snapshot, copy).weakened >= 350);
      const { nodes } = analyse(copy);
      const theirs = await analyseWith(binary, snapshot, [...nodes.keys()]);
      assertAlike(nodes, theirs, GC_ROOTS_ID);
    },
  );
}
