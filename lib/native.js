'use strict';

/**
 * Loads the addon and says what to do when it is not there. The only file that requires `native/`.
 *
 * The loader that napi generates knows all platforms, and compiling it takes three milliseconds, which is more than
 * loading the addon itself. So where the binary can have but one name that is tried before; whatever is
 * uncommon, or goes wrong, is left to that loader.
 */

const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { LeakguardError } = require('./errors');

/** The first supported major; older ones lack what the hooks rest on. */
const MIN_NODE_MAJOR = 20;

/** @type {typeof import('../native/binding') | undefined} */
let binding;

/**
 * @returns {typeof import('../native/binding')}
 * @throws {LeakguardError} ERR_LEAKGUARD_NATIVE when no binary fits this platform, ERR_LEAKGUARD_NODE
 *   when Node.js is too old
 */
function loadNative() {
  if (binding === undefined) {
    if (Number.parseInt(process.versions.node, 10) < MIN_NODE_MAJOR) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_NODE',
        `Node.js ${process.version} is not supported: ${MIN_NODE_MAJOR} or later is needed; nothing is watched`,
      );
    }
    try {
      binding = loadDirectly() ?? keepingReport(() => require('../native/binding.js'));
    } catch (error) {
      const reason = isForbidden(error)
        ? 'native addons are switched off; start Node.js without --no-addons, or with --allow-addons where it has --permission'
        : `no native binary for ${describePlatform()} could be loaded; reinstall leakguard on this machine with ` +
          'its optional dependencies, or build it from its repository with `npm run build` (needs Rust 1.85 or later)';
      const message = `${reason}; until then nothing is watched`;
      throw new LeakguardError('ERR_LEAKGUARD_NATIVE', message, error);
    }
  }
  return /** @type {typeof import('../native/binding')} */ (binding);
}

/** What napi's loader heeds. */
const LOADER_SETTINGS = [
  'NAPI_RS_NATIVE_LIBRARY_PATH',
  'NAPI_RS_FORCE_WASI',
  'NAPI_RS_WASI_FLAVOR',
  'NAPI_RS_ENFORCE_VERSION_CHECK',
];

/** @returns {string | undefined} what names the binary, where it is plain to see */
function plainTarget() {
  const { platform, arch } = process;
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  if (platform === 'darwin') return `darwin-${arch}`;
  // The generated loader tells the libc by the same file.
  const hasGlibc =
    platform === 'linux' && !fs.readFileSync('/usr/bin/ldd', 'utf8').includes('musl');
  return hasGlibc ? `linux-${arch}-gnu` : undefined;
}

/** @returns {typeof import('../native/binding') | undefined} undefined where the generated loader is to try */
function loadDirectly() {
  if (LOADER_SETTINGS.some((name) => process.env[name] !== undefined)) return undefined;
  try {
    const target = plainTarget();
    if (target === undefined) return undefined;
    const built = path.join(__dirname, '..', 'native', `leakguard.${target}.node`);
    // Bundlers look for calls of `require` itself, and would take along every file that it could mean.
    const load = createRequire(__filename);
    return load(fs.existsSync(built) ? built : `leakguard-${target}`);
  } catch {
    return undefined;
  }
}

/**
 * The loader tries several files, and tells of each by the cause of the next one's error.
 * @param {unknown} error
 */
function isForbidden(error) {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.message.includes('loading addons is disabled')) return true;
  }
  return false;
}

/**
 * Where the generated loader cannot read `ldd` it asks the host's diagnostic report which libc there is,
 * without what would be looked up in the network, and leaves that setting changed.
 * @template T
 * @param {() => T} action
 * @returns {T}
 */
function keepingReport(action) {
  const report = /** @type {{ excludeNetwork?: boolean } | undefined} */ (
    process.platform === 'linux' ? process.report : undefined
  );
  const before = report?.excludeNetwork;
  try {
    return action();
  } finally {
    if (report !== undefined && report.excludeNetwork !== before) {
      if (before === undefined) delete report.excludeNetwork;
      else report.excludeNetwork = before;
    }
  }
}

/** What a binary must fit. */
function describePlatform() {
  const parts = [`Node.js ${process.version}`];
  if (process.platform === 'linux') parts.unshift(keepingReport(libc));
  return `${process.platform}-${process.arch} (${parts.join(', ')})`;
}

/** Takes 20 ms. */
function libc() {
  const report = /** @type {NodeJS.ProcessReport & { excludeNetwork?: boolean }} */ (
    process.report
  );
  report.excludeNetwork = true;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    /** @type {unknown} */ (report.getReport())
  );
  const { glibcVersionRuntime: version } = header;
  return version === undefined ? 'musl' : `glibc ${version}`;
}

exports.loadNative = loadNative;
