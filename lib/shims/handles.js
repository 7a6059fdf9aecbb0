'use strict';

/**
 * Who makes handles. Sockets, servers, child processes and workers are announced by Node itself, on
 * diagnostics channels whose subscribers run inside the creating call, so there is nothing to replace
 * and nothing to load; only `fs` has to be hooked. Whether a handle is still open is asked of it.
 *
 * `fs/promises` brings fifteen modules with it, so it is hooked once the host has loaded it, at the
 * start or at a tick.
 *
 * Node 20 announces no `tls.connect()` and no `socket.connect()` on a socket of one's own: there
 * these are counted by type, without a line.
 */

const fs = require('node:fs');
const { URL, fileURLToPath } = require('node:url');
const { openFiles } = require('../descriptors');
const { isObject } = require('../holding');
const { isLoaded } = require('../loaded');
const { Sampler } = require('../sampler');
const { DEEP_STACK_FRAMES, captureStack } = require('../stack');

/** @param {{ destroyed?: boolean }} socket */
const isConnected = (socket) => socket.destroyed !== true;
/** @param {{ listening?: boolean }} server */
const isListening = (server) => server.listening === true;
/** @param {{ exitCode: number | null, signalCode: string | null }} child */
const isRunning = (child) => child.exitCode === null && child.signalCode === null;
/** @param {{ threadId?: number }} worker  -1 once it has ended */
const isThread = (worker) => worker.threadId !== -1;
/** @param {{ _handle?: object | null }} watcher  null once it is closed; undefined where it never has one */
const isWatching = (watcher) => watcher._handle !== null;

/** @param {any} socket  of `dgram`, which has its handle under a symbol */
function isBound(socket) {
  const state = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  return state === undefined || socket[state]?.handle !== null;
}

/**
 * The path that is to be opened, without running code of the host.
 * @param {unknown} given
 * @returns {string | undefined}
 */
function pathOf(given) {
  if (typeof given === 'string') return given;
  if (Buffer.isBuffer(given)) return given.toString();
  if (!(given instanceof URL) || Object.getPrototypeOf(given) !== URL.prototype) return undefined;
  try {
    return fileURLToPath(given);
  } catch {
    // What was called has said so, or its promise will.
    return undefined;
  }
}

/** @type {import('.').CreateShim} */
function createHandlesShim({ opened, accepted, pathOpened, recordsMade, limits }) {
  /**
   * @param {number} share   of a tick's attention
   * @param {number} stride
   */
  const createSampler = (share, stride) =>
    new Sampler(() => ({ threshold: 0, attention: Math.ceil(limits.attention * share), stride }));
  const samplers = {
    connections: createSampler(1 / 4, 16),
    // Connections by the thousand per second are a server's work.
    accepts: createSampler(1 / 4, 64),
    paths: createSampler(1 / 4, 32),
    // A child, a thread, a listening server or a watcher costs far more than a look.
    others: createSampler(1, 1),
  };

  /**
   * A channel on which Node announces what the running call makes.
   * @param {string} name
   * @param {string} key   of the message
   * @param {string} what
   * @param {Sampler} sampler
   * @param {(target: any) => boolean} isLive
   */
  function announced(name, key, what, sampler, isLive) {
    /** @param {any} message */
    const subscriber = (message) => {
      if (--sampler.skip >= 0) return;
      const weight = sampler.next();
      if (weight !== 0) tell(message[key], { what, isLive, weight }, subscriber);
    };
    return { name, subscriber };
  }

  /**
   * @param {object} target
   * @param {Omit<Parameters<typeof opened>[1], 'below'>} about
   * @param {Function} hook
   */
  function tell(target, about, hook) {
    const recorded = about.isLive !== null && recordsMade();
    if (!recorded && !limits.trends) return;
    const below = recorded ? captureStack(hook, DEEP_STACK_FRAMES) : hook;
    opened(target, { ...about, below });
  }

  const { connections, accepts, paths, others } = samplers;
  const channels = [
    announced('net.client.socket', 'socket', 'Socket', connections, isConnected),
    announced('tracing:net.server.listen:asyncStart', 'server', 'Server', others, isListening),
    announced('udp.socket', 'socket', 'DatagramSocket', others, isBound),
    announced('child_process', 'process', 'ChildProcess', others, isRunning),
    announced('worker_threads', 'worker', 'Worker', others, isThread),
    {
      name: 'net.server.socket',
      /** @param {any} message */
      subscriber({ socket }) {
        if (!limits.trends || --accepts.skip >= 0) return;
        const weight = accepts.next();
        if (weight !== 0) accepted(socket, socket.server, { isLive: isConnected, weight });
      },
    },
  ];

  /**
   * @param {unknown} given
   * @param {unknown} result
   * @param {Function} wrapper
   * @param {Map<number, string> | null} before  files that were open
   */
  function lookAtPath(given, result, wrapper, before) {
    if (paths.next() === 0) return;
    const path = pathOf(given);
    const recorded = recordsMade();
    if (path === undefined || !(recorded || limits.trends)) return;
    const below = recorded ? captureStack(wrapper, DEEP_STACK_FRAMES) : wrapper;
    pathOpened(path, result, below, before);
  }

  /** While a call is on its way its file may be open already, unseen. */
  const openBefore = () => (limits.latestMark > 0 ? openFiles() : null);

  /** @param {any} original  takes the path first */
  function wrapOpener(original) {
    const isAsync = original.name === 'open';
    /**
     * @this {any}
     * @param {unknown} path
     */
    function wrapper(path) {
      const before = isAsync ? openBefore() : null;
      const result = Reflect.apply(original, this, arguments);
      if (--paths.skip < 0) lookAtPath(path, result, wrapper, before);
      return result;
    }
    return wrapper;
  }

  /** @param {any} original  as above, but async, so there is no `new` and no prototype */
  function wrapAsyncOpener(original) {
    const { wrapper } = {
      /**
       * @this {any}
       * @param {unknown} path
       */
      wrapper(path) {
        const before = openBefore();
        const result = Reflect.apply(original, this, arguments);
        if (--paths.skip < 0) lookAtPath(path, result, wrapper, before);
        return result;
      },
    };
    return wrapper;
  }

  /**
   * @param {string} what
   * @returns {(original: any) => (...args: any[]) => any}
   */
  const wrapWatcher = (what) => (original) => {
    const met = new WeakSet();
    const isFirst = (/** @type {unknown} */ watcher) => {
      if (!isObject(watcher) || met.has(watcher)) return false;
      met.add(watcher);
      return true;
    };
    /**
     * @this {any}
     * @param {unknown} _path
     */
    function wrapper(_path) {
      const watcher = Reflect.apply(original, this, arguments);
      // Of a file that is watched already `watchFile` returns what watches it.
      if (isFirst(watcher) && --others.skip < 0) look(watcher);
      return watcher;
    }
    /** @param {unknown} watcher */
    function look(watcher) {
      const weight = others.next();
      if (weight === 0 || !isObject(watcher)) return;
      // A recursive one on Linux keeps its state to itself: it counts until it is collected.
      const isLive = '_handle' in watcher ? isWatching : null;
      tell(watcher, { what, isLive, weight }, wrapper);
    }
    return wrapper;
  };

  return {
    name: 'handles',
    samplers: Object.values(samplers),
    channels,
    install(patches) {
      for (const opener of ['open', 'openSync', 'createReadStream', 'createWriteStream']) {
        patches.replace(fs, opener, wrapOpener);
      }
      patches.replace(fs, 'watch', wrapWatcher('FSWatcher'));
      patches.replace(fs, 'watchFile', wrapWatcher('StatWatcher'));
    },
    installLate(patches) {
      if (!isLoaded('internal/fs/promises')) return false;
      patches.replace(fs.promises, 'open', wrapAsyncOpener);
      return true;
    },
  };
}

exports.createHandlesShim = createHandlesShim;
