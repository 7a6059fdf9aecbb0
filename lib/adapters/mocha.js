'use strict';

/**
 * `mocha --require leakguard/mocha`: a run fails when one of its tests leaves something behind. Root
 * hooks, so that in parallel mode every worker checks the files that it runs.
 *
 * Mocha runs one test after the other, so what its hooks register is the running test's; what the test
 * itself registers is known by its context, also when it comes later.
 */

const { AsyncResource } = require('node:async_hooks');
const { writeSync } = require('node:fs');
const path = require('node:path');
const { LeakguardError } = require('../errors');
const { Suite } = require('./suite');

/** The first with root hooks that come from a module. */
const FIRST_MAJOR = 8;
const MOCHA_FILE = /^(.*[\\/]node_modules[\\/]mocha)[\\/]/;

/** Older ones would not say that they know no root hooks, and every run would pass. */
function checkVersion() {
  for (const file of Object.keys(require.cache)) {
    const folder = MOCHA_FILE.exec(file)?.[1];
    if (folder === undefined) continue;
    const { version } = require(path.join(folder, 'package.json'));
    if (Number.parseInt(version, 10) >= FIRST_MAJOR) return;
    const message = `leakguard/mocha needs root hooks, which mocha has from version ${FIRST_MAJOR} on, and this is ${version}: update mocha`;
    // Version 7 fails over the exception itself, and its message is lost.
    writeSync(2, `${message}\n`);
    throw new LeakguardError('ERR_LEAKGUARD_RUNNER', message);
  }
}

/** The host's own, which mocha runs again where it retries. @type {WeakMap<Function, Function>} */
const hosts = new WeakMap();

/**
 * The function of a test, run in the name of its mark.
 * @param {import('../..').Mark} mark
 * @param {Function} given  the host's, or what an earlier attempt has put in its place
 */
function owned(mark, given) {
  const fn = hosts.get(given) ?? given;
  /**
   * @this {unknown}
   * @param {((error?: unknown) => void)[]} args  mocha's callback, where the test takes one
   */
  function test(...args) {
    // Mocha goes on wherever it is called, and would take the mark along to the next test.
    const bound = args.map((done) => AsyncResource.bind(done));
    return mark.run(() => Reflect.apply(fn, this, bound));
  }
  // By which mocha tells, whenever it makes a test of it, whether it takes a callback.
  Object.defineProperty(test, 'length', { value: fn.length });
  hosts.set(test, fn);
  return test;
}

/**
 * The hooks that a block runs once for all of its tests, and those of the blocks in it.
 * @param {any} block  a suite of mocha's
 */
function ownHooks(block) {
  for (const hook of [...block._beforeAll, ...block._afterAll]) {
    const title = block.fullTitle();
    const mark = suite?.markOf(block, () => (title ? `${title} (hooks)` : 'hooks of the files'));
    if (mark) hook.fn = owned(mark, hook.fn);
  }
  for (const inner of block.suites) ownHooks(inner);
}

checkVersion();

/** @type {Suite | undefined} */
let suite;

/** @type {import('../..').Mark | null | undefined} of the running test */
let mark;

/** What mocha calls as root hooks, with its context as `this`. */
exports.mochaHooks = {
  /** @this {any} */
  beforeAll() {
    suite = new Suite();
    ownHooks(this.test.parent);
  },

  /** @this {any} */
  beforeEach() {
    const test = this.currentTest;
    const former = test.retriedTest?.();
    if (former) suite?.retry(test, former);
    mark = suite?.markOf(test, () => test.titlePath().join(' > '));
    if (!mark) return;
    mark.begin();
    if (test.fn) test.fn = owned(mark, test.fn);
  },

  /** @this {any} */
  afterEach() {
    mark?.end();
    const { state } = this.currentTest;
    // One that is to be run again has none.
    if (state !== 'passed' && state !== 'pending') mark?.forget();
  },

  /** @this {any} */
  async afterAll() {
    const hook = this.test;
    const root = hook.parent;
    const check = () => /** @type {Suite} */ (suite).assertClean();
    // The files may have hooks of their own at the root, and what these close is not left behind.
    if (root._afterAll.at(-1) === hook) await check();
    else root.afterAll('leakguard', check);
  },
};
