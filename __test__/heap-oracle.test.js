'use strict';

/**
 * Sizes, dominators and classes of real snapshots, of Node.js, Deno and Chromium, node by node, against two analysers
 * that share no code with ours. They agree on everything but what follows, where they have rules of their own.
 *
 * - What only weak references lead to is held by the root to both. To us it has no dominator, and goes by itself.
 * - To heap-snapshot it holds in turn what it refers to, so that nothing else alone does.
 * - To heap-snapshot the root is `(GC roots)`, below which it puts all that the root alone leads to. That the root
 *   has the globals, by shortcuts, is nothing to it.
 * - V8 writes a reference to the value of a pair of a WeakMap from the table and one from the key. We follow that of
 *   the key only, as DevTools does; memlab follows both, so that the value goes with what holds both; heap-snapshot
 *   follows that of the table only. They are given copies in which that of the table is weak.
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
const { noChromium } = require('./browser/chromium');
const { takeOfPage } = require('./browser/snapshot');
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
 * Copies of a snapshot, for rules that differ.
 * @param {string} snapshot
 * @returns {{ pairs: string, orphans: string, weakened: number }}
 *   `pairs`: tables of WeakMaps hold their values weakly, and keys do so like anything else;
 *   `orphans`: the root holds what nothing but weak references lead to, and globals weakly
 */
function rewrite(snapshot) {
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
  const pair = strings.push('pair') - 1;
  const edgesOfPairs = edges.slice();
  const held = new Set([0]);
  let weakened = 0;
  let edge = 0;
  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    for (let left = nodes[node + edgeCountAt]; left > 0; left -= 1) {
      let kind = edges[edge + kindAt];
      if (kind === internal) {
        const called = /^\d+ \/ part of key .* pair in WeakMap \(table @(\d+)\)$/s;
        const table = called.exec(strings[edges[edge + nameAt]])?.[1];
        if (table !== undefined) {
          edgesOfPairs[edge + nameAt] = pair;
          if (Number(table) === nodes[node + idAt]) kind = weak;
          edgesOfPairs[edge + kindAt] = kind;
          weakened += Number(kind === weak);
        }
      }
      if (kind !== weak && kind !== shortcut) held.add(edges[edge + toAt]);
      if (kind === shortcut && node === 0) edges[edge + kindAt] = weak;
      edge += edgeFields.length;
    }
  }
  const pairs = `${snapshot}.pairs`;
  fs.writeFileSync(pairs, JSON.stringify({ ...heap, edges: edgesOfPairs }));

  for (let node = 0; node < nodes.length; node += nodeFields.length) {
    if (held.has(node)) continue;
    const reference = new Array(edgeFields.length).fill(0);
    reference[kindAt] = element;
    reference[toAt] = node;
    edges.unshift(...reference);
    nodes[edgeCountAt] += 1;
    heap.snapshot.edge_count += 1;
  }
  const orphans = `${snapshot}.orphans`;
  fs.writeFileSync(orphans, JSON.stringify(heap));
  return { pairs, orphans, weakened };
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

/** @typedef {import('node:test').TestContext} TestContext */

/**
 * @param {string} binary
 * @param {string[]} [args]
 * @returns {(t: TestContext) => Promise<string>}
 */
const takeOfProgram =
  (binary, args = []) =>
  async (t) => {
    const folder = temporaryFolder(t);
    const snapshot = path.join(folder, 'kinds.heapsnapshot');
    const { code, stderr } = await runCommand(
      binary,
      [...args, program('holds-all-kinds.js'), snapshot],
      // Deno's, where it keeps what it has compiled.
      { env: { DENO_DIR: folder } },
    );
    assert.equal(code, 0, stderr);
    return snapshot;
  };

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {(t: TestContext) => Promise<string>} take  a snapshot
 * @property {string | false} [skip]
 */

/** @type {Source[]} */
const SOURCES = [
  ...MAJORS.map((major) => ({
    name: `Node.js ${major}`,
    take: takeOfProgram(nodeBinary(major)),
  })),
  {
    name: 'Deno',
    take: takeOfProgram(path.join(__dirname, 'runtimes/node_modules/deno/deno'), [
      'run',
      '--allow-all',
      '--no-remote',
    ]),
  },
  { name: 'Chromium', take: (t) => takeOfPage(t, 'holds-detached.html'), skip: noChromium },
];

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

for (const { name, take, skip = false } of SOURCES) {
  const settings = { skip: onReferenceOnly || skip };
  test(
    `${name}: sizes, dominators and classes are those that memlab finds`,
    settings,
    async (t) => {
      const snapshot = await take(t);
      const { nodes, classes } = analyse(snapshot);
      const { pairs, weakened } = rewrite(snapshot);
      assert.ok(weakened >= 350, `${weakened}`);
      const theirs = await askMemlab(pairs);
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

  test(`${name}: sizes and dominators are those that heap-snapshot finds`, settings, async (t) => {
    const binary = findBinary();
    if (binary === undefined) return t.skip('its binary does not run here');
    const { pairs, orphans } = rewrite(await take(t));
    const { nodes } = analyse(orphans);
    const theirs = await analyseWith(binary, pairs, [...nodes.keys()]);
    assertAlike(nodes, theirs, GC_ROOTS_ID);
  });
}
