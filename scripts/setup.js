'use strict';

/**
 * Brings a machine with only Node and Rust to where a command of this repository can run: npm
 * packages per the lock files, the addon built, a browser, and Prometheus. Does nothing that is done already.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/**
 * Runs a command in the repository and ends this process if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 */
function runOrExit(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error !== undefined) {
    process.stderr.write(`${command} cannot be run (${error.message}); install it and try again\n`);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Installs the packages of a folder, unless what is there was installed from this very lock file.
 * @param {string} folder  relative to the repository
 */
function installPackages(folder) {
  const cwd = path.join(ROOT, folder);
  const lock = fs.readFileSync(path.join(cwd, 'package-lock.json'), 'utf8');
  const stamp = path.join(cwd, 'node_modules', '.leakguard-lock');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write(`installing the packages of ${folder}\n`);
  // `npm ci` refuses a lock that lacks an optional package of another platform, which npm leaves out
  // of it where that package cannot be had. The versions are the lock's all the same.
  runOrExit('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
  });
  fs.writeFileSync(stamp, lock);
}

/**
 * Makes the package a dependency of a folder of fixtures, by a link, so that they load it as a service does.
 * @param {string} folder  relative to the repository
 */
function linkPackage(folder) {
  const link = path.join(ROOT, folder, 'node_modules', 'leakguard');
  fs.mkdirSync(path.dirname(link), { recursive: true });
  try {
    fs.symlinkSync(ROOT, link, 'dir');
  } catch (error) {
    // It is there, or another test has made it.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
  }
}

/** Builds the addon and its generated binding; cargo sees for itself whether anything changed. */
function buildAddon() {
  runOrExit('npm', ['run', '--silent', 'build']);
}

/**
 * @param {string} version  major, of those in `__test__/runtimes`
 * @returns {string} absolute path
 */
function nodeBinary(version) {
  return path.join(ROOT, '__test__/runtimes/node_modules', `node${version}`, 'bin/node');
}

/**
 * @param {string} name  of a command
 * @returns {string | undefined} absolute path
 */
function findCommand(name) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));
}

const chromiumBinary = () => findCommand('chromium');
const prometheusBinary = () => findCommand('prometheus');
const promtoolBinary = () => findCommand('promtool');

/**
 * Installs a package of Debian's, where that may be done; what needs it says so where there is none.
 * @param {string} name  of the package, and of the command in it
 */
function installDebianPackage(name) {
  if (findCommand(name) !== undefined || process.getuid?.() !== 0) return;
  process.stderr.write(`installing ${name}\n`);
  // A service that comes along is not started in runlevel 1.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

const installChromium = () => installDebianPackage('chromium');
const installPrometheus = () => installDebianPackage('prometheus');

/** The environment without anything that would change what is measured. */
function bareEnvironment() {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('LEAKGUARD')));
}

exports.ROOT = ROOT;
exports.bareEnvironment = bareEnvironment;
exports.chromiumBinary = chromiumBinary;
exports.findCommand = findCommand;
exports.installChromium = installChromium;
exports.linkPackage = linkPackage;
exports.installPrometheus = installPrometheus;
exports.nodeBinary = nodeBinary;
exports.prometheusBinary = prometheusBinary;
exports.promtoolBinary = promtoolBinary;
exports.buildAddon = buildAddon;
exports.installPackages = installPackages;
exports.runOrExit = runOrExit;
