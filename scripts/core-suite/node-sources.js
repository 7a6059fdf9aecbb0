'use strict';

/**
 * Node's own test tree of one major, unpacked from Debian's source package and kept below the
 * cache directory. What is unpacked once is used again without asking the network; remove the
 * directory to look for newer sources.
 * Unpacked are the tests and what they read, not V8 and the other libraries; folders whole, so that a
 * change of selection finds its files in an old cache.
 * Knows where tests come from, not how they run.
 */

const fs = require('node:fs');
const path = require('node:path');
const { DebianApt, run } = require('./debian-apt.js');
const { InputError } = require('./input-error.js');

/**
 * Suites that hold Node 20, 22 and 24; for 26 the nearest are those of 24. All are asked for every major, because a version wanders
 * from one suite to the next.
 */
const SUITES = ['trixie', 'forky', 'sid'];

/** Some tests read the sources, the documentation or the runner. */
const FOLDERS = ['test', 'lib', 'doc', 'tools', 'deps/acorn', 'deps/undici/src/lib', 'benchmark'];
/** Not in trees that earlier versions of this file have unpacked. */
const LAST_ADDED = path.join('test', 'sequential');

/**
 * @typedef {object} Sources
 * @property {number} major
 * @property {string} version Node's version, as in `22.22.2`
 * @property {string} root the unpacked tree; Node's own runner has it as working directory
 */

/**
 * @param {string} version
 * @returns {number[]} major, minor, patch; Debian's suffix is dropped
 */
function numbersOf(version) {
  return version
    .replace(/^\d+:/, '')
    .split(/[^\d.]/, 1)[0]
    .split('.')
    .map(Number);
}

/**
 * @param {string} a
 * @param {string} b
 */
function compareVersions(a, b) {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * The version nearest to the binary: the newest of its major that is not ahead of it (a test of a later
 * minor may use what the binary lacks), else the oldest of those that are. Of a major that there is none
 * of, the newest before it.
 * @template {{ version: string }} T
 * @param {T[]} versions
 * @param {string} binaryVersion
 * @returns {T | undefined}
 */
function nearest(versions, binaryVersion) {
  const majorOf = (/** @type {string} */ version) => numbersOf(version)[0];
  const sorted = versions.toSorted((a, b) => compareVersions(a.version, b.version));
  const before = sorted.filter(({ version }) => compareVersions(version, binaryVersion) <= 0);
  const isOwn = (/** @type {T} */ { version }) => majorOf(version) === majorOf(binaryVersion);
  return before.findLast(isOwn) ?? sorted.find(isOwn) ?? before.at(-1);
}

class NodeSources {
  #directory;
  #announce;
  /** @type {InstanceType<typeof DebianApt> | null} */
  #apt = null;
  #complaint = '';

  /**
   * @param {string} directory the cache directory
   * @param {(message: string) => void} announce told before anything slow happens
   */
  constructor(directory, announce) {
    this.#directory = directory;
    this.#announce = announce;
  }

  /** @returns {InstanceType<typeof DebianApt>} */
  #openApt() {
    if (this.#apt === null) {
      this.#announce("reading Debian's source indexes");
      this.#apt = new DebianApt(path.join(this.#directory, 'apt'), SUITES);
      this.#complaint = this.#apt.update();
    }
    return this.#apt;
  }

  /** @param {string} binaryVersion */
  #cached(binaryVersion) {
    const parent = path.join(this.#directory, 'trees');
    if (!fs.existsSync(parent)) return undefined;
    const trees = fs
      .readdirSync(parent)
      .filter((name) => name.startsWith('node-'))
      .map((name) => ({ version: name.slice('node-'.length), root: path.join(parent, name) }))
      .filter(({ root }) => fs.existsSync(path.join(root, LAST_ADDED)));
    return nearest(trees, binaryVersion);
  }

  /**
   * @param {string} archive
   * @param {string} version Node's
   * @returns {string} the tree
   */
  #unpack(archive, version) {
    const parent = path.join(this.#directory, 'trees');
    fs.mkdirSync(parent, { recursive: true });
    // Two runs may unpack at once: each into a directory of its own, and the first to rename wins.
    const draft = fs.mkdtempSync(path.join(parent, '.draft-'));
    const patterns = FOLDERS.map((folder) => `*/${folder}`);
    const { status, stderr } = run('tar', [
      ...['--extract', '--xz', '--file', archive, '--directory', draft],
      ...['--strip-components=1', '--no-same-owner'],
      ...['--wildcards', '--no-wildcards-match-slash', ...patterns],
    ]);
    // A pattern that matches nothing is status 2 and no harm, as long as the tests are there.
    if (!fs.existsSync(path.join(draft, 'test', 'common', 'index.js'))) {
      fs.rmSync(draft, { recursive: true, force: true });
      throw new InputError(
        `cannot unpack ${path.basename(archive)} (tar status ${status})`,
        stderr,
      );
    }
    const root = path.join(parent, `node-${version}`);
    fs.chmodSync(draft, 0o755);
    try {
      fs.renameSync(draft, root);
    } catch (error) {
      fs.rmSync(draft, { recursive: true, force: true });
      if (!fs.existsSync(root)) throw error;
    }
    return root;
  }

  /**
   * @param {string} binaryVersion of the binary that will run the tests
   * @returns {Sources}
   */
  fetch(binaryVersion) {
    const [major] = numbersOf(binaryVersion);
    const parent = path.join(this.#directory, 'trees');
    fs.mkdirSync(parent, { recursive: true });
    // The repository's own would say that every test below it is CommonJS.
    fs.writeFileSync(path.join(parent, 'package.json'), '{}\n');
    const cached = this.#cached(binaryVersion);
    // One of an older major counts only where there is no better one to download.
    if (cached !== undefined && numbersOf(cached.version)[0] === major) return { major, ...cached };

    const apt = this.#openApt();
    const found = apt.find('nodejs');
    let complaint = this.#complaint;
    // An archive that its suite has just replaced is gone, and the next nearest is as good as any.
    for (let left = found; ; ) {
      const chosen = nearest(left, binaryVersion);
      if (chosen === undefined) break;
      const version = numbersOf(chosen.version).join('.');
      if (cached?.version === version) return { major, ...cached };
      try {
        return { major, version, root: this.#add(apt, chosen, version) };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.#announce(error.message);
        complaint = error.detail;
      }
      left = left.filter((each) => each !== chosen);
    }
    const there = found.map(({ version }) => version).join(', ') || 'none at all';
    throw new InputError(
      `no source package of Node ${major} in ${SUITES.join(', ')} (found: ${there})`,
      complaint,
    );
  }

  /**
   * @param {InstanceType<typeof DebianApt>} apt
   * @param {ReturnType<InstanceType<typeof DebianApt>['find']>[number]} chosen
   * @param {string} version  Node's
   * @returns {string} the tree
   */
  #add(apt, chosen, version) {
    // Components are called `orig-NAME.tar.xz`; the main tarball has no name.
    const file = chosen.files.find(({ name }) => /\.orig\.tar\.\w+$/.test(name));
    if (file === undefined) throw new InputError(`nodejs ${chosen.version} has no main tarball`);
    this.#announce(`downloading the sources of Node ${version}`);
    const directory = path.join(this.#directory, 'downloads');
    const archive = apt.download('nodejs', chosen.version, file, directory);
    this.#announce(`unpacking the tests of Node ${version}`);
    return this.#unpack(archive, version);
  }
}

module.exports = { NodeSources, nearest };
