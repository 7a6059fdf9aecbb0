'use strict';

/**
 * `node --test --import leakguard/node-test`: a file of tests fails when one of its tests leaves
 * something behind.
 *
 * `node:test` is imported by name, so its functions cannot be replaced in time. But each test, and each
 * hook, is run by `AsyncResource.prototype.runInAsyncScope`, a method that anybody can look up, with the
 * test's context as `this` of what it runs: that context tells the tests apart, also those that run at
 * the same time.
 */

const { AsyncResource } = require('node:async_hooks');
const { writeSync } = require('node:fs');
const { isObject } = require('../holding');
const { PatchSet } = require('../patch');

const isRunner = process.execArgv.includes('--test');
const isAlone = process.execArgv.some((arg) => /^--(experimental-)?test-isolation=none$/.test(arg));
/** The files that `node --test` runs are in processes of their own, unless it is told otherwise. */
const isParent = isRunner && !isAlone;

/** @type {import('./suite').Suite | undefined} begun when the first test runs */
let suite;
/** @type {Map<import('../..').Mark, WeakRef<{ passed?: boolean }>>} */
const contexts = new Map();

/**
 * A test of `node:test`, not any other resource.
 * @param {any} resource
 */
const isTest = (resource) => typeof resource.createSubtest === 'function';

/**
 * @param {any} context  what the host is given as its `t`
 */
function labelOf(context) {
  // The root has no full name, and says so with an exception.
  return context.name === '<root>' ? 'hooks of the file' : (context.fullName ?? context.name);
}

/** @param {AsyncResource} outside  a context that belongs to no test */
function beginSuite(outside) {
  const { Suite } = require('./suite');
  suite = new Suite();
  const { after } = require('node:test');
  // Outside of all tests it is a hook of the file, and there is at least this one.
  outside.runInAsyncScope(() => after(() => {}));
}

/**
 * Whether it is the last thing that the file runs. A hook of our own would come before those that the
 * host adds later, and where one fails the others are not run.
 * @param {any} test
 */
const isLastHook = (test) =>
  test.hookType === 'after' &&
  test.parentTest?.parent === null &&
  test.parentTest.hooks.after.at(-1) === test;

/** @param {any} original */
function wrapRunInAsyncScope(original) {
  const outside = new AsyncResource('leakguard');
  const { wrapper } = {
    /**
     * @this {any}
     * @param {any} fn
     * @param {any} context
     * @param {any[]} args  of `fn`: the context, and a callback where it takes one
     */
    wrapper(fn, context, ...args) {
      if (!isTest(this) || typeof fn !== 'function' || !isObject(context)) {
        return Reflect.apply(original, this, arguments);
      }
      if (suite === undefined) beginSuite(outside);
      const mark = suite?.markOf(context, () => labelOf(context));
      if (mark) contexts.set(mark, new WeakRef(context));
      /** @this {unknown} */
      function owned() {
        return mark
          ? mark.run(() => Reflect.apply(fn, this, arguments))
          : Reflect.apply(fn, this, arguments);
      }
      const run = (/** @type {any[]} */ given) =>
        Reflect.apply(original, this, [owned, context, ...given]);
      return isLastHook(this) ? thenCheck(run, args) : run(args);
    },
  };
  return wrapper;
}

/**
 * @param {(args: any[]) => any} run  a hook
 * @param {any[]} args
 */
function thenCheck(run, args) {
  const done = args.at(-1);
  const check = () => {
    for (const [mark, context] of contexts) if (context.deref()?.passed === false) mark.forget();
    return /** @type {import('./suite').Suite} */ (suite).assertClean().catch((error) => {
      // From Node.js 22 on a file whose last hook has failed ends with 0, and where all files are in one
      // process nothing is said of it.
      process.exitCode = 1;
      if (isRunner) writeSync(2, `${error.message}\n`);
      throw error;
    });
  };
  if (typeof done !== 'function') return Promise.resolve(run(args)).then(check);
  const checked = (/** @type {unknown} */ error) =>
    error ? done(error) : check().then(() => done(), done);
  return run([...args.slice(0, -1), checked]);
}

// What starts the files runs no test of theirs.
if (!isParent) {
  require('./suite');
  new PatchSet().replace(AsyncResource.prototype, 'runInAsyncScope', wrapRunInAsyncScope);
}
