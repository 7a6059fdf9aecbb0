'use strict';

/**
 * `testEnvironment: 'leakguard/jest'`: a test fails that leaves something behind. The environment of
 * jest's own, with the events of its runner: the functions of tests are run in the name of their marks,
 * also those that run at the same time, and hooks in that of the running test.
 *
 * Each file has globals of its own, so the Map and Set of its realm are watched too. Fake timers take
 * the place of the hooked ones and are none of ours.
 */

const { createRequire } = require('node:module');
const path = require('node:path');
const { types } = require('node:util');
const leakguard = require('../..');
const { Suite, errorOf } = require('./suite');

/**
 * Adds the check to another environment, such as that of jsdom.
 * @param {any} Environment  a class
 * @returns {any} the class to export from the file that `testEnvironment` names
 */
function withLeakguard(Environment) {
  return class LeakguardEnvironment extends Environment {
    /** @type {Suite | undefined} */
    #suite;
    /** @type {import('../..').Watch | undefined} */
    #realm;
    /** Tests whose functions are run by their marks. @type {Set<any>} */
    #tests = new Set();
    /** Blocks whose hooks were run. @type {Set<any>} */
    #blocks = new Set();

    async setup() {
      await super.setup();
      this.#realm = leakguard.watchRealm(this.global);
      this.#suite = new Suite();
    }

    async teardown() {
      this.#realm?.stop();
      await super.teardown();
    }

    /**
     * Some events are told synchronously, so nothing is awaited before they are seen to.
     * @param {any} event
     * @param {any} state
     */
    handleTestEvent(event, state) {
      const handled = super.handleTestEvent?.(event, state);
      switch (event.name) {
        case 'add_test':
          this.#own(state.currentDescribeBlock.children.at(-1));
          break;
        case 'test_start':
          this.#markOf(event.test)?.begin();
          break;
        case 'test_retry':
          this.#suite?.retry(event.test);
          break;
        case 'test_done':
          this.#markOf(event.test)?.end();
          if (event.test.errors.length > 0) this.#markOf(event.test)?.forget();
          break;
        case 'hook_start':
          if (isOfBlock(event.hook)) this.#beginBlock(event.hook.parent);
          break;
        case 'hook_success':
        case 'hook_failure':
          if (isOfBlock(event.hook)) this.#markOf(event.hook.parent)?.end();
          break;
        case 'run_finish':
          return Promise.resolve(handled).then(() => this.#finish(state));
      }
      return handled;
    }

    /** @param {any} block  whose hooks are run, once for all of its tests */
    #beginBlock(block) {
      this.#blocks.add(block);
      this.#markOf(block)?.begin();
    }

    /** @param {any} test  or a block of tests */
    #markOf(test) {
      return this.#suite?.markOf(test, () => labelOf(test)) ?? null;
    }

    /** @param {any} test  that jest has just made; the same again when it has refused one */
    #own(test) {
      if (typeof test?.fn !== 'function' || this.#tests.has(test)) return;
      this.#tests.add(test);
      const { fn } = test;
      // Jest goes through what it returns by itself: what that registers is the running test's.
      if (types.isGeneratorFunction(fn)) return;
      const markOf = () => this.#markOf(test);
      /** @this {unknown} */
      function owned() {
        const mark = markOf();
        const call = () => Reflect.apply(fn, this, arguments);
        return mark === null ? call() : mark.run(call);
      }
      // Jest tells by it whether a test takes a callback.
      Object.defineProperty(owned, 'length', { value: fn.length });
      test.fn = owned;
    }

    /**
     * The tests that left something fail; what belongs to none fails the file.
     * @param {any} state  of jest-circus
     */
    async #finish(state) {
      const report = await this.#suite?.finish();
      if (report?.verdict !== 'leak') return;
      for (const test of this.#tests) {
        const error = errorOf(report, this.#markOf(test));
        if (error !== null) test.errors.push(error);
      }
      for (const block of this.#blocks) {
        const error = errorOf(report, this.#markOf(block));
        if (error !== null) state.unhandledErrors.push(error);
      }
    }
  };
}

/** @param {{ type: string }} hook  as jest-circus has it */
const isOfBlock = ({ type }) => type === 'beforeAll' || type === 'afterAll';

/** @param {any} test  as jest-circus has it, or a block of tests */
function labelOf(test) {
  if (test.parent === undefined) return 'hooks of the file';
  const names = [test.type === 'describeBlock' ? `${test.name} (hooks)` : test.name];
  for (let at = test.parent; at?.parent; at = at.parent) names.unshift(at.name);
  return names.join(' > ');
}

/** The project's own, not one that happens to lie beside leakguard. */
const fromProject = createRequire(path.join(process.cwd(), 'package.json'));
const { TestEnvironment } = fromProject('jest-environment-node');

// @ts-expect-error: beside a property of its own. Set so, an ES module can import it by name.
module.exports = withLeakguard(TestEnvironment);
module.exports.withLeakguard = withLeakguard;
