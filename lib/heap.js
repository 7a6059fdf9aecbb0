'use strict';

/**
 * Heap snapshots: taken from this process with nothing on disk, or read from files, and asked. Reading and
 * counting are the addon's, on threads of its own; a snapshot is held outside of V8's heap.
 */

const fs = require('node:fs');
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const v8 = require('node:v8');
const zlib = require('node:zlib');
const {
  LeakguardError,
  checkCount,
  inspectValue,
  refuseOthers,
  refusedValue,
} = require('./errors');
const { loadNative } = require('./native');
const { estimateSnapshot, mebibytes } = require('./snapshot-room');

/** Rows of each table unless told otherwise. */
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;
/** Calls of a function between two captures, and captures after the first. */
const DEFAULT_LOOPS = 10;
const DEFAULT_ROUNDS = 2;
const MAX_CALLS = 1_000_000;
/** A snapshot becomes some ten times as small; what becomes more times as large is none. */
const MAX_EXPANSION = 500;
const EXPANSION_COUNTS_FROM = 64 * 1024 * 1024;

/** @typedef {import('../native/binding').HeapAnswer} HeapAnswer */
/** @typedef {import('../native/binding').HeapSnapshot} NativeSnapshot */
/** @typedef {{ limit?: number, redact?: boolean }} Rows */
/** @typedef {{ readonly share: number }} Progress  of the work, 0 to 1 */

/**
 * An answer is plain data that is text where text is wanted.
 * @param {HeapAnswer} answer
 */
function fromAnswer({ json, text }) {
  const answer = JSON.parse(json);
  Object.defineProperty(answer, 'toString', { value: () => text });
  return answer;
}

/**
 * Work of the addon's; what it says of bad input is for the caller.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function asked(work) {
  try {
    return await work();
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error);
    if (code !== 'InvalidArg') throw error;
    throw new LeakguardError('ERR_LEAKGUARD_INPUT', message);
  }
}

/**
 * @param {string} call
 * @param {Rows} options
 */
function readRows(call, options) {
  const { limit = DEFAULT_LIMIT, redact = false, ...others } = options;
  refuseOthers(call, others, 'are limit and redact');
  checkCount(call, 'limit', limit, 1, MAX_LIMIT);
  if (typeof redact !== 'boolean') {
    throw refusedValue(call, 'redact', redact, 'are true and false');
  }
  return { limit, redact };
}

class HeapSnapshot {
  #native;

  /** @param {NativeSnapshot} native */
  constructor(native) {
    this.#native = native;
  }

  get nodeCount() {
    return this.#native.nodeCount;
  }

  /** @param {Rows} [options] */
  summary(options = {}) {
    return this.#ask({ kind: 'summary', ...readRows('summary()', options) });
  }

  /** @param {Rows} [options] */
  suspects(options = {}) {
    return this.#ask({ kind: 'suspects', ...readRows('suspects()', options) });
  }

  /**
   * @param {{ id?: number, class?: string, name?: string }} target
   * @param {Rows} [options]
   */
  path(target, options = {}) {
    const rows = readRows('path()', options);
    const [[by, value] = [], ...others] = Object.entries(target ?? {});
    const isMeant =
      by === 'id' ? Number.isInteger(value) : ['class', 'name'].includes(`${by}`) && `${value}`;
    if (!isMeant || others.length > 0) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_OPTION',
        "path(): accepted is one of { id: number }, { class: 'Name' } and { name: 'name' }",
      );
    }
    return this.#ask({ kind: 'path', target: { [`${by}`]: value }, ...rows });
  }

  /** @param {object} question */
  async #ask(question) {
    return fromAnswer(await asked(() => this.#native.ask(JSON.stringify(question))));
  }

  /** @param {unknown} snapshot */
  static nativeOf(snapshot) {
    return snapshot instanceof HeapSnapshot ? snapshot.#native : undefined;
  }
}

/**
 * Reads a snapshot as it comes.
 * @param {AsyncIterable<Uint8Array>} source
 * @param {(bytes: Uint8Array) => void} [tap]  sees every piece
 * @returns {Promise<HeapSnapshot>}
 */
async function readStream(source, tap) {
  const { HeapReader } = loadNative();
  const reader = new HeapReader();
  for await (const piece of source) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    if (!(bytes instanceof Uint8Array)) {
      throw new LeakguardError(
        'ERR_LEAKGUARD_INPUT',
        `a heap snapshot comes as bytes or text, not as ${inspectValue(piece)}`,
      );
    }
    if (!reader.push(bytes)) break;
    tap?.(bytes);
  }
  return new HeapSnapshot(await asked(() => reader.finish()));
}

/** How a file can be packed: how it begins, and what reads and writes it. */
const PACKINGS = [
  {
    name: 'gzip',
    ending: '.gz',
    magic: Buffer.from([0x1f, 0x8b]),
    unpack: () => zlib.createGunzip(),
    pack: () => zlib.createGzip({ level: 1 }),
  },
  {
    name: 'zstd',
    ending: '.zst',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    unpack: () => zstd('createZstdDecompress'),
    pack: () => zstd('createZstdCompress'),
  },
];

/**
 * @param {'createZstdCompress' | 'createZstdDecompress'} name
 * @returns {import('node:stream').Transform}
 */
function zstd(name) {
  const create =
    /** @type {Record<string, (() => import('node:stream').Transform) | undefined>} */ (
      /** @type {unknown} */ (zlib)
    )[name];
  if (create === undefined) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_NODE',
      `Node.js ${process.version} has no zstd; accepted are gzip, or Node.js 22.15 and later`,
    );
  }
  return create();
}

/**
 * @param {string} file
 * @returns {Promise<typeof PACKINGS[number] | undefined>}
 */
async function packingOf(file) {
  const handle = await fs.promises.open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    const begin = buffer.subarray(0, bytesRead);
    return PACKINGS.find(({ magic }) => begin.subarray(0, magic.length).equals(magic));
  } catch {
    // The addon says what is wrong with it.
    return undefined;
  } finally {
    await handle.close();
  }
}

/**
 * A snapshot in a file, and how far it has been read.
 * @param {string} file
 * @returns {{ snapshot: Promise<HeapSnapshot>, progress: Progress }}
 */
function readFile(file) {
  const { HeapProgress, readHeap } = loadNative();
  const plain = new HeapProgress();
  let ofPacked = 0;
  const read = async () => {
    const packing = await packingOf(file);
    if (packing === undefined) {
      return new HeapSnapshot(await asked(() => readHeap(file, plain)));
    }
    return readPacked(file, packing, (share) => {
      ofPacked = share;
    });
  };
  const progress = {
    get share() {
      return Math.max(plain.share, ofPacked);
    },
  };
  return { snapshot: read(), progress };
}

/**
 * @param {string} file
 * @param {typeof PACKINGS[number]} packing
 * @param {(share: number) => void} tell
 */
async function readPacked(file, { name, unpack }, tell) {
  const unpacked = unpack();
  const { size } = await fs.promises.stat(file);
  const packed = fs.createReadStream(file);
  packed.on('error', (error) => unpacked.destroy(error));
  let bytes = 0;
  try {
    return await readStream(packed.pipe(unpacked), (piece) => {
      bytes += piece.length;
      tell(packed.bytesRead / size);
      if (bytes > EXPANSION_COUNTS_FROM && bytes > packed.bytesRead * MAX_EXPANSION) {
        throw new LeakguardError(
          'ERR_LEAKGUARD_INPUT',
          `byte ${packed.bytesRead}: ${bytes} bytes come out of these, which no heap snapshot does; accepted are ${MAX_EXPANSION} times as many`,
        );
      }
    });
  } catch (error) {
    if (error instanceof LeakguardError) {
      if (error.code === 'ERR_LEAKGUARD_INPUT') error.message = `${file}: ${error.message}`;
      throw error;
    }
    throw new LeakguardError(
      'ERR_LEAKGUARD_INPUT',
      `${file}: byte ${packed.bytesRead}: no ${name} that can be read: ${error}`,
      error,
    );
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

/**
 * The heap of this process, written to a file on its way.
 * @param {string} file  its ending says how it is packed
 * @returns {Promise<HeapSnapshot>}
 */
async function captureTo(file) {
  const { HeapReader } = loadNative();
  const reader = new HeapReader();
  const packing = PACKINGS.find(({ ending }) => file.endsWith(ending));
  const read = new Transform({
    transform(piece, _encoding, done) {
      reader.push(piece);
      done(null, piece);
    },
  });
  const steps = packing === undefined ? [read] : [read, packing.pack()];
  try {
    // As V8 makes its own: what the strings of a process hold is for its user.
    const handle = await fs.promises.open(file, 'w', 0o600);
    await pipeline([v8.getHeapSnapshot(), ...steps, handle.createWriteStream()]);
  } catch (error) {
    throw new LeakguardError('ERR_LEAKGUARD_OUTPUT', `${file} cannot be written: ${error}`, error);
  }
  return new HeapSnapshot(await asked(() => reader.finish()));
}

/**
 * The heap of this process.
 * @param {{ file?: string, force?: boolean }} [options]
 * @returns {Promise<HeapSnapshot>}
 */
async function capture(options = {}) {
  const { file, force = false, ...others } = options;
  refuseOthers('heap.capture()', others, 'are file and force');
  if (file !== undefined && (typeof file !== 'string' || file === '')) {
    throw refusedValue('heap.capture()', 'file', file, 'is a path');
  }
  if (typeof force !== 'boolean') {
    throw refusedValue('heap.capture()', 'force', force, 'are true and false');
  }
  const { needed, available } = estimateSnapshot();
  if (!force && needed > available) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_MEMORY',
      `a heap snapshot may take ${mebibytes(needed)} while it is made, and there are ${mebibytes(available)}; { force: true } takes it all the same`,
    );
  }
  return file === undefined ? readStream(v8.getHeapSnapshot()) : captureTo(file);
}

/**
 * @param {string | AsyncIterable<Uint8Array>} source
 * @returns {Promise<HeapSnapshot>}
 */
async function analyze(source) {
  if (typeof source === 'string') return readFile(source).snapshot;
  if (typeof source?.[Symbol.asyncIterator] === 'function') return readStream(source);
  throw new LeakguardError(
    'ERR_LEAKGUARD_INPUT',
    `heap.analyze() takes the path of a snapshot or a stream of one, not ${inspectValue(source)}`,
  );
}

/**
 * @param {unknown} snapshot
 * @returns {Promise<NativeSnapshot>}
 */
async function nativeOf(snapshot) {
  const native =
    HeapSnapshot.nativeOf(snapshot) ??
    HeapSnapshot.nativeOf(await analyze(/** @type {string} */ (snapshot)));
  return /** @type {NativeSnapshot} */ (native);
}

/**
 * @param {HeapSnapshot | string} before
 * @param {HeapSnapshot | string} after
 * @param {Rows} [options]
 */
async function diff(before, after, options = {}) {
  const rows = JSON.stringify(readRows('heap.diff()', options));
  const sides = [await nativeOf(before), await nativeOf(after)];
  return fromAnswer(await asked(() => loadNative().diffHeaps(sides[0], sides[1], rows)));
}

/**
 * By itself, so that nothing holds what a call returns when the heap is captured.
 * @param {() => unknown} source
 */
async function callOnce(source) {
  await source();
}

/**
 * @param {(HeapSnapshot | string)[] | (() => unknown)} source
 * @param {Rows & { atLeast?: number, loops?: number, rounds?: number }} [options]
 */
async function growth(source, options = {}) {
  const call = 'heap.growth()';
  const { atLeast, loops = DEFAULT_LOOPS, rounds = DEFAULT_ROUNDS, ...shown } = options;
  const rows = JSON.stringify(readRows(call, shown));
  checkCount(call, 'loops', loops, 1, MAX_CALLS);
  checkCount(call, 'rounds', rounds, 1, MAX_LIMIT);
  const isFunction = typeof source === 'function';
  const least = atLeast ?? (isFunction ? loops : undefined);
  if (least !== undefined) checkCount(call, 'atLeast', least, 1, MAX_CALLS);
  if (!isFunction && !(Array.isArray(source) && source.length > 1)) {
    throw new LeakguardError(
      'ERR_LEAKGUARD_INPUT',
      `${call} takes a function, or two or more snapshots, not ${inspectValue(source)}`,
    );
  }
  const search = new (loadNative().HeapGrowth)();
  if (isFunction) {
    for (let round = 0; round <= rounds; round += 1) {
      for (let loop = 0; loop < loops; loop += 1) await callOnce(source);
      await search.add(await nativeOf(await capture()));
    }
  } else {
    for (const each of source) await search.add(await nativeOf(each));
  }
  return fromAnswer(await asked(() => search.finish(rows, least)));
}

/** Refers weakly, so that no way in a snapshot leads over it, and snapshots know its class. */
class LeakguardProbe {
  /** @param {object} target */
  constructor(target) {
    this.target = new WeakRef(target);
  }
}

/**
 * The steps from a root to an object of this process. They go into reports, so they leave out what strings hold, such
 * as the keys of a `Map`.
 * @param {object} target
 * @returns {Promise<import('..').HeapStep[]>}
 * @throws {LeakguardError} as `capture`
 */
async function retainersOf(target) {
  const probe = new LeakguardProbe(target);
  const native = await nativeOf(await capture());
  const question = {
    kind: 'path',
    target: { weak: probe.constructor.name },
    limit: 1,
    redact: true,
  };
  const { targets } = fromAnswer(await asked(() => native.ask(JSON.stringify(question))));
  return targets[0].path;
}

exports.HeapSnapshot = HeapSnapshot;
exports.analyze = analyze;
exports.capture = capture;
exports.diff = diff;
exports.growth = growth;
exports.readFile = readFile;
exports.retainersOf = retainersOf;
