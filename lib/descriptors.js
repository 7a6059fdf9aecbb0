'use strict';

/**
 * The open file descriptors of the process, by kind and by identity, where `/proc/self/fd` shows them.
 * An inode tells one socket from the next under the same number, so churn is told from growth.
 *
 * A file's descriptor also tells its path, and so the line that opened it: whoever hooks the openers
 * notes path and line here, and a descriptor that turns up under that path is theirs. That asks
 * neither callbacks nor promises of the host, and misses nothing that Node's streams open later.
 *
 * It is the process's table, whichever thread reads it, so one thread should. It knows no ledger.
 */

const { readdirSync, readlinkSync } = require('node:fs');
const path = require('node:path');
const { now } = require('./clock');
const { Rest } = require('./rest');

const FOLDER = '/proc/self/fd';
/** New descriptors per look, at 2-7 us each, 16 in a busy process: a millisecond or two. */
const MAX_NEW_LINKS = 128;
/** Known descriptors that are asked again per look, in turn. */
const MAX_ASKED_AGAIN = 32;
/** Paths whose openers are remembered; each takes two entries. */
const MAX_NOTES = 4096;

/** @typedef {'file' | 'socket' | 'pipe' | 'descriptor'} DescriptorKind */
/**
 * @typedef {object} Descriptor
 * @property {string} link  what the number stands for: a path, or kind and inode
 * @property {DescriptorKind} kind
 * @property {number} since  the tick that saw it first
 * @property {boolean} open  as of the last look
 * @property {boolean} mature  open for long enough to count as born
 */

/**
 * @param {string} link
 * @returns {DescriptorKind | null} null for devices, of which nobody opens many
 */
function kindOf(link) {
  if (link.startsWith('/')) return link.startsWith('/dev/') ? null : 'file';
  if (link.startsWith('socket:')) return 'socket';
  return link.startsWith('pipe:') ? 'pipe' : 'descriptor';
}

/** @param {string} link  of a file */
const pathOf = (link) => (link.endsWith(' (deleted)') ? link.slice(0, -' (deleted)'.length) : link);

class Descriptors {
  /**
   * @param {number} matureTicks  before which a descriptor's birth and death say nothing
   * @param {(descriptor: Descriptor) => void} opened  told of each when it is first seen
   */
  constructor(matureTicks, opened) {
    this.matureTicks = matureTicks;
    this.opened = opened;
    /** @type {Map<string, Descriptor>} by number */
    this.table = new Map();
    /** Open now, as far as they were looked at. @type {Record<DescriptorKind, number>} */
    this.counts = { file: 0, socket: 0, pipe: 0, descriptor: 0 };
    /** Those that grew mature, ever. @type {Record<DescriptorKind, number>} */
    this.born = { file: 0, socket: 0, pipe: 0, descriptor: 0 };
    /** Of these, those that are closed. @type {Record<DescriptorKind, number>} */
    this.died = { file: 0, socket: 0, pipe: 0, descriptor: 0 };
    /** Whether some were closed before. @type {Record<DescriptorKind, boolean>} */
    this.passing = { file: false, socket: false, pipe: false, descriptor: false };
    /** @type {Map<string, number>} the site that last opened a path, by path and by base name */
    this.notes = new Map();
    this.ticks = 0;
    this.rest = new Rest();
    /** Where the next round of rechecks begins. */
    this.next = 0;
  }

  /**
   * Remembers who opens a path. A path through a symbolic link is found by its base name.
   * @param {string} name
   * @param {number} site
   */
  note(name, site) {
    const absolute = path.resolve(name);
    for (const key of [absolute, path.basename(absolute)]) {
      this.notes.delete(key);
      this.notes.set(key, site);
    }
    for (const key of this.notes.keys()) {
      if (this.notes.size <= 2 * MAX_NOTES) break;
      this.notes.delete(key);
    }
  }

  /**
   * @param {Descriptor} descriptor
   * @returns {number} 0 when nobody was seen opening it
   */
  siteOf({ link }) {
    const name = pathOf(link);
    return this.notes.get(name) ?? this.notes.get(path.basename(name)) ?? 0;
  }

  /** @throws {Error} where the system, or a permission, does not let us look */
  tick() {
    this.ticks += 1;
    if (!this.rest.isOver()) return;
    const start = now();
    const numbers = readdirSync(FOLDER);
    this.rest.begin(now() - start);
    const present = new Set(numbers);
    for (const [number, descriptor] of this.table) {
      if (!present.has(number)) {
        this.#close(number, descriptor);
      } else if (!descriptor.mature && descriptor.since + this.matureTicks <= this.ticks) {
        descriptor.mature = true;
        this.born[descriptor.kind] += 1;
      }
    }
    let links = 0;
    for (const number of numbers) {
      if (links === MAX_NEW_LINKS) break;
      if (this.table.has(number)) continue;
      this.#look(number);
      links += 1;
    }
    // A number may have been closed and given again meanwhile.
    const from = this.next;
    for (let step = 0; step < Math.min(numbers.length, MAX_ASKED_AGAIN); step += 1) {
      this.next = (from + step + 1) % numbers.length;
      this.#look(numbers[(from + step) % numbers.length]);
    }
  }

  /** @param {string} number */
  #look(number) {
    const known = this.table.get(number);
    let link;
    try {
      link = readlinkSync(`${FOLDER}/${number}`);
    } catch {
      // Closed since the list was read, as the list's own descriptor is.
    }
    if (link === known?.link) return;
    if (known !== undefined) this.#close(number, known);
    const kind = link === undefined ? null : kindOf(link);
    if (link === undefined || kind === null) return;
    const descriptor = { link, kind, since: this.ticks, open: true, mature: false };
    this.table.set(number, descriptor);
    this.counts[kind] += 1;
    this.opened(descriptor);
  }

  /**
   * @param {string} number
   * @param {Descriptor} descriptor
   */
  #close(number, descriptor) {
    descriptor.open = false;
    this.table.delete(number);
    this.counts[descriptor.kind] -= 1;
    if (descriptor.mature) this.died[descriptor.kind] += 1;
    else this.passing[descriptor.kind] = true;
  }
}

/**
 * The files that are open now. Reads all descriptors, at 2-7 us each.
 * @returns {Map<number, string>} paths by descriptor; empty where they cannot be looked at
 */
function openFiles() {
  /** @type {Map<number, string>} */
  const open = new Map();
  /** @type {string[]} */
  let numbers = [];
  try {
    numbers = readdirSync(FOLDER);
  } catch {
    // Not Linux, or not permitted.
  }
  for (const number of numbers) {
    try {
      const link = readlinkSync(`${FOLDER}/${number}`);
      if (kindOf(link) === 'file') open.set(Number(number), pathOf(link));
    } catch {
      // Closed since the list was read.
    }
  }
  return open;
}

exports.Descriptors = Descriptors;
exports.openFiles = openFiles;
