'use strict';

/**
 * A private apt: own sources list (deb-src only), own lists and cache below a given directory.
 * The system's apt is read (mirror, proxy, credentials, keyring) and never written; its update
 * hooks, which clean the system's cache or tell desktop services, are switched off.
 * Signatures: only Debian's archive keyring is trusted. Where the installed one is too old for a
 * newer suite, the current `debian-archive-keyring` is downloaded through the system's own apt (so
 * the keys that the machine already trusts vouch for the new ones) and unpacked beside the lists.
 * `[trusted=yes]` is not used at all.
 * Knows suites, packages and files, nothing of Node.js.
 */

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { InputError } = require('./input-error.js');

/** Debian's public front door: only for machines whose own configuration names no Debian mirror. */
const PUBLIC_MIRROR = 'http://deb.debian.org/debian';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** apt reads `-c` after the system's files, the only place where `#clear` reaches their hooks. */
const CLEARED_HOOKS = [
  '#clear APT::Update::Pre-Invoke;',
  '#clear APT::Update::Post-Invoke;',
  '#clear APT::Update::Post-Invoke-Success;',
  '',
].join('\n');

/**
 * @typedef {object} SourceFile
 * @property {string} name
 * @property {string} sha256
 *
 * @typedef {object} SourceVersion
 * @property {string} version Debian's version of the source package
 * @property {SourceFile[]} files
 */

/**
 * Runs a tool in the C locale, so that its words can be read by a program.
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 64 * 1024 * 1024, // `showsrc` prints about 100 KB; an index never passes through here
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.error !== undefined) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (result.error);
    if (code === 'ENOENT') {
      throw new InputError(`${command} not found: Node's test sources come through Debian's apt`);
    }
    throw result.error;
  }
  return { status: result.status, stdout: result.stdout, stderr: result.stderr };
}

/**
 * The machine's Debian mirror. `indextargets` knows a repository's origin, but only once the system
 * has updated; container images ship without lists, and there only the address can tell.
 * @returns {string}
 */
function systemMirror() {
  const format = '$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)';
  const targets = run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  for (const line of targets.stdout.split('\n')) {
    const [origin, component, release, uri] = line.split('|');
    const isMain = origin === 'Debian' && component === 'main' && !release.endsWith('-security');
    if (isMain && !uri.startsWith('cdrom:')) return uri.replace(/\/$/, '');
  }
  const planned = run('apt-get', ['update', '--print-uris']).stdout;
  const address = /^'([^']+\/debian)\/+dists\/[^/']+\/main\//m.exec(planned);
  return address === null ? PUBLIC_MIRROR : address[1];
}

class DebianApt {
  #directory;
  #suites;
  #keyring = KEYRING;

  /**
   * @param {string} directory private state, created when missing
   * @param {string[]} suites code names to read source packages from
   */
  constructor(directory, suites) {
    this.#directory = directory;
    this.#suites = suites;
  }

  /** @param {...string} names */
  #inside(...names) {
    return path.join(this.#directory, ...names);
  }

  #options() {
    /** @type {string[]} */
    const options = ['-c', this.#inside('apt.conf')];
    const settings = {
      'Dir::Etc::SourceList': this.#inside('sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'Dir::State::Lists': this.#inside('lists'),
      'Dir::Cache': this.#inside('cache'),
      // The system's default release need not be among our suites, and apt refuses then.
      'APT::Default-Release': '',
      // As root apt drops to a user that may not reach a repository below someone's home.
      'APT::Sandbox::User': 'root',
    };
    for (const [name, value] of Object.entries(settings)) options.push('-o', `${name}=${value}`);
    return options;
  }

  #writeConfiguration() {
    fs.mkdirSync(this.#inside('lists', 'partial'), { recursive: true });
    fs.mkdirSync(this.#inside('cache', 'archives', 'partial'), { recursive: true });
    fs.writeFileSync(this.#inside('apt.conf'), CLEARED_HOOKS);
    const mirror = systemMirror();
    const lines = this.#suites.map(
      (suite) => `deb-src [signed-by=${this.#keyring}] ${mirror} ${suite} main\n`,
    );
    // The mirror's address may carry a password.
    fs.writeFileSync(this.#inside('sources.list'), lines.join(''), { mode: 0o600 });
  }

  /** The keyring of the newest package that the system's own apt offers, unpacked, not installed. */
  #fetchKeyring() {
    const directory = this.#inside('keyring');
    fs.rmSync(directory, { recursive: true, force: true });
    fs.mkdirSync(directory, { recursive: true });
    run('apt-get', ['download', '-q', 'debian-archive-keyring'], directory);
    const archive = fs.readdirSync(directory).find((name) => name.endsWith('.deb'));
    if (archive === undefined) return null;
    run('dpkg-deb', ['--extract', archive, 'root'], directory);
    const keyring = path.join(directory, 'root', KEYRING);
    return fs.existsSync(keyring) ? keyring : null;
  }

  /**
   * Reads the suites' source indexes. A suite that the mirror does not have is no error here: the
   * others may hold what is wanted, and `find` says when none does.
   * @returns {string} what apt complained of, empty when nothing
   */
  update() {
    if (!fs.existsSync(this.#keyring)) this.#keyring = this.#fetchKeyring() ?? this.#keyring;
    this.#writeConfiguration();
    let result = run('apt-get', [...this.#options(), 'update', '-q']);
    if (this.#keyring === KEYRING && /NO_PUBKEY/.test(result.stderr)) {
      const keyring = this.#fetchKeyring();
      if (keyring !== null) {
        this.#keyring = keyring;
        this.#writeConfiguration();
        result = run('apt-get', [...this.#options(), 'update', '-q']);
      }
    }
    return result.stderr;
  }

  /**
   * Every version of a source package in the suites, in apt's order.
   * @param {string} name
   * @returns {SourceVersion[]}
   */
  find(name) {
    const { stdout } = run('apt-cache', [...this.#options(), 'showsrc', '--only-source', name]);
    const versions = [];
    for (const record of stdout.split(/\n\n+/)) {
      const version = /^Version: (.+)$/m.exec(record);
      const sums = /^Checksums-Sha256:[^\n]*\n((?: .*\n?)+)/m.exec(record);
      if (version === null || sums === null) continue;
      const files = Array.from(sums[1].matchAll(/^ ([0-9a-f]{64}) \d+ (\S+)$/gm), (match) => ({
        sha256: match[1],
        name: match[2],
      }));
      versions.push({ version: version[1], files });
    }
    return versions;
  }

  /**
   * Downloads a source package and returns the path of the one file asked for. apt fetches the
   * package's other components too and fails as a whole when a mirror has lost one of them; so what
   * counts is this file, held against the hash in the signed index.
   * @param {string} name
   * @param {string} version
   * @param {SourceFile} file
   * @param {string} directory where to put it
   * @returns {string}
   */
  download(name, version, file, directory) {
    fs.mkdirSync(directory, { recursive: true });
    const target = path.join(directory, file.name);
    if (hashOf(target) === file.sha256) return target;
    const args = ['source', '-q', '--download-only', '--tar-only', `${name}=${version}`];
    const { stderr } = run('apt-get', [...this.#options(), ...args], directory);
    if (hashOf(target) !== file.sha256) {
      throw new InputError(`could not download ${file.name} as the signed index names it`, stderr);
    }
    return target;
  }
}

/**
 * @param {string} file
 * @returns {string | null} null when there is no such file
 */
function hashOf(file) {
  if (!fs.existsSync(file)) return null;
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

module.exports = { DebianApt, run };
