'use strict';

/**
 * Node's own test tree of one major, unpacked from Debian's source package and kept below the
 * cache directory. What is unpacked once is used again without asking the network; remove the
 * directory to look for newer sources.
 * Unpacked are the folder of the tests and the helpers they load, not the other 15,000 files of the
 * tarball; the folder whole, so that a change of selection finds its files in an old cache.
 * Knows where tests come from, not how they run.
 */

const fs = require('node:fs');
const path = require('node:path');
const { DebianApt, run } = require('./debian-apt.js');
const { InputError } = require('./input-error.js');

/**
 * Suites that hold Node 20, 22 and 24. All are asked for every major, because a version wanders
 * from one suite to the next.
 */
const SUITES = ['trixie', 'forky', 'sid'];

const FOLDERS = ['test/common', 'test/fixtures', 'test/parallel'];

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
 * The version nearest to the binary: the newest that is not ahead of it (a test of a later minor
 * may use what the binary lacks), else the oldest of those that are.
 * @template {{ version: string }} T
 * @param {T[]} versions
 * @param {string} binaryVersion
 * @returns {T | undefined}
 */
function nearest(versions, binaryVersion) {
  const major = numbersOf(binaryVersion)[0];
  const sorted = versions
    .filter(({ version }) => numbersOf(version)[0] === major)
    .sort((a, b) => compareVersions(a.version, b.version));
  return sorted.findLast((each) => compareVersions(each.version, binaryVersion) <= 0) ?? sorted[0];
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
      .map((name) => ({ version: name.slice('node-'.length), root: path.join(parent, name) }));
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
    const patterns = FOLDERS.map((folder) => `*/${folder}/*`);
    const { status, stderr } = run('tar', [
      ...['--extract', '--xz', '--file', archive, '--directory', draft],
      ...['--strip-components=1', '--no-same-owner', '--wildcards', ...patterns],
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
    const cached = this.#cached(binaryVersion);
    if (cached !== undefined) return { major, version: cached.version, root: cached.root };

    const apt = this.#openApt();
    const found = apt.find('nodejs');
    const chosen = nearest(found, binaryVersion);
    if (chosen === undefined) {
      const there = found.map(({ version }) => version).join(', ') || 'none at all';
      throw new InputError(
        `no source package of Node ${major} in ${SUITES.join(', ')} (found: ${there})`,
        this.#complaint,
      );
    }
    // Components are called `orig-NAME.tar.xz`; the main tarball has no name.
    const file = chosen.files.find(({ name }) => /\.orig\.tar\.\w+$/.test(name));
    if (file === undefined) throw new InputError(`nodejs ${chosen.version} has no main tarball`);
    this.#announce(`downloading the sources of Node ${chosen.version}`);
    const directory = path.join(this.#directory, 'downloads');
    const archive = apt.download('nodejs', chosen.version, file, directory);
    const version = numbersOf(chosen.version).join('.');
    this.#announce(`unpacking the tests of Node ${version}`);
    return { major, version, root: this.#unpack(archive, version) };
  }
}

module.exports = { NodeSources, nearest };
