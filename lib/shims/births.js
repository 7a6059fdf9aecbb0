'use strict';

/**
 * Notes when emitters, targets, Maps and Sets are made, while registrations are recorded: what a test
 * registers on what it has made itself is not left behind. Not needed otherwise, and not installed.
 *
 * Emitters are met in `EventEmitter.init`, which every constructor calls, and targets where theirs puts
 * its table of listeners: under a symbol, so a setter on the prototype sees it. `Map` and `Set` have no
 * such place, and are replaced by constructors that make the very same objects.
 *
 * Node never replaces the classes that it uses itself, and one that was extended before stays extended:
 * what is not met counts as having always been there.
 */

const { EventEmitter } = require('node:events');
const { noteBirth } = require('../order');
const { kEvents } = require('./event-target');

/** @param {any} original */
function wrapInit(original) {
  const { wrapper } = {
    /**
     * @this {any}
     * @param {unknown} _options
     */
    wrapper(_options) {
      noteBirth(this);
      return Reflect.apply(original, this, arguments);
    },
  };
  return wrapper;
}

/** @param {any} original  a constructor */
function wrapConstructor(original) {
  /** @returns {any} */
  function wrapper() {
    // Without `new` the original says what is wrong, in its own words.
    if (new.target === undefined) return original();
    const made = Reflect.construct(original, arguments, new.target);
    noteBirth(made);
    return made;
  }
  return wrapper;
}

/**
 * @param {import('../patch').PatchSet} patches
 * @param {typeof globalThis} realm
 */
function installIn(patches, realm) {
  for (const name of /** @type {const} */ (['Map', 'Set'])) {
    const { prototype } = realm[name];
    patches.replace(realm, name, wrapConstructor);
    patches.replace(prototype, 'constructor', wrapConstructor);
  }
}

/** @type {import('.').CreateShim} */
function createBirthsShim({ limits }) {
  return {
    name: 'births',
    samplers: [],
    isNeeded: () => limits.births,
    install(patches) {
      patches.replace(EventEmitter, 'init', wrapInit);
      if (kEvents !== undefined) patches.intercept(EventTarget.prototype, kEvents, noteBirth);
      installIn(patches, globalThis);
    },
    installRealm: installIn,
  };
}

exports.createBirthsShim = createBirthsShim;
