'use strict';

/** `@heap-snapshot/tool`: its binary, made to run where it can be, and what it says of every object of a snapshot. */

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const PACKAGES = path.join(__dirname, 'node_modules', '@heap-snapshot');
const BINARY = path.join(PACKAGES, `${process.platform}-${process.arch}`, 'heap-snapshot');
const ADAPTED = path.join(__dirname, 'node_modules', '.cache', 'heap-snapshot');

/** @param {string} file */
const runs = (file) => spawnSync(file, ['--help'], { stdio: 'ignore' }).status === 0;

/** Of a section that lists the versions of other libraries' symbols. */
const SHT_GNU_VERNEED = 0x6ffffffe;
const VER_FLG_WEAK = 2;

/**
 * Marks a version of glibc's symbols as one that the binary can do without.
 * @param {Buffer} elf  64 bits, least byte first
 * @param {string} version
 */
function weaken(elf, version) {
  /** @param {number} at */
  const word = (at) => elf.readUInt32LE(at);
  /** @param {number} at */
  const address = (at) => Number(elf.readBigUInt64LE(at));
  const [sections, size, count] = [address(40), elf.readUInt16LE(58), elf.readUInt16LE(60)];
  for (let section = sections; section < sections + size * count; section += size) {
    if (word(section + 4) !== SHT_GNU_VERNEED) continue;
    const names = address(sections + word(section + 40) * size + 24);
    let library = address(section + 24);
    for (let next = -1; next !== 0; library += next) {
      let needed = library + word(library + 8);
      for (let left = elf.readUInt16LE(library + 2); left > 0; left -= 1) {
        const name = names + word(needed + 8);
        if (elf.toString('latin1', name, elf.indexOf(0, name)) === version) {
          elf.writeUInt16LE(VER_FLG_WEAK, needed + 4);
        }
        needed += word(needed + 12);
      }
      next = word(library + 12);
    }
  }
}

/**
 * The binary, or `undefined` where there is none that runs. Linux's is linked with glibc 2.39, for `pidfd_spawnp` and
 * `pidfd_getpid` alone, which it does without if need be (both symbols are weak): with an older glibc a copy is
 * taken that says so of the version too.
 * @returns {string | undefined}
 */
function findBinary() {
  if (!fs.existsSync(BINARY)) return undefined;
  if (runs(BINARY)) return BINARY;
  if (process.platform !== 'linux') return undefined;
  const elf = fs.readFileSync(BINARY);
  weaken(elf, 'GLIBC_2.39');
  // Two runs at once must not write to a file that the other executes.
  const copy = `${ADAPTED}-${process.pid}`;
  fs.mkdirSync(path.dirname(ADAPTED), { recursive: true });
  fs.writeFileSync(copy, elf, { mode: 0o755 });
  fs.renameSync(copy, ADAPTED);
  return runs(ADAPTED) ? ADAPTED : undefined;
}

/** A conversation with its server: one line of JSON each way. */
class Server {
  #process;
  #lastId = 0;
  /** @type {Map<number, (result: any) => void>} */
  #waiting = new Map();

  /** @param {string} binary */
  constructor(binary) {
    this.#process = spawn(binary, ['mcp'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    this.#process.stdout.setEncoding('utf8').on('data', (chunk) => {
      // Not by readline, to which some characters within strings are ends of lines too.
      const lines = (text + chunk).split('\n');
      text = /** @type {string} */ (lines.pop());
      for (const { id, result } of lines.map((line) => JSON.parse(line))) {
        this.#waiting.get(id)?.(result);
        this.#waiting.delete(id);
      }
    });
  }

  /** @param {object} message */
  send(message) {
    this.#process.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  /**
   * @param {string} method
   * @param {object} params
   * @returns {Promise<any>}
   */
  request(method, params) {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.send({ id, method, params });
    });
  }

  /**
   * @param {string} name  of a tool
   * @param {object} args
   * @returns {Promise<string>}
   */
  async call(name, args) {
    return (await this.request('tools/call', { name, arguments: args })).content[0].text;
  }

  stop() {
    this.#process.kill();
  }
}

/** Groups of so many are told at once; of all others it is asked one by one. */
const LARGE_GROUP = 10;

/**
 * What it says of nodes, with the dominator of those that are in no large group.
 * @param {string} binary
 * @param {string} file
 * @param {number[]} ids
 * @returns {Promise<Map<number, { shallowBytes: number, retainedBytes: number, dominator?: number }>>}
 */
async function analyseWith(binary, file, ids) {
  const server = new Server(binary);
  try {
    const clientInfo = { name: 'leakguard', version: '0' };
    const protocolVersion = '2024-11-05';
    await server.request('initialize', { protocolVersion, capabilities: {}, clientInfo });
    server.send({ method: 'notifications/initialized' });
    await server.call('load_snapshot', { path: file });
    const nodes = new Map();
    const snapshot = { snapshot_id: 1 };
    const summary = await server.call('get_summary', snapshot);
    for (const [, group, count] of summary.matchAll(/^(.*\S) +(\d+) +\d+ +\d+$/gm)) {
      if (Number(count) < LARGE_GROUP) continue;
      const all = { ...snapshot, class_name: group, limit: 2 ** 32 };
      const members = await server.call('get_summary', all);
      // Names may have lines of their own.
      const row = /^ {2}@(\d+) [\s\S]*?\(self_size: (\d+), retained_size: (\d+)\)$/gm;
      for (const [, id, shallow, retained] of members.matchAll(row)) {
        const sizes = { shallowBytes: Number(shallow), retainedBytes: Number(retained) };
        nodes.set(Number(id), sizes);
      }
    }
    const ask = async (/** @type {number} */ id) => {
      const of = { ...snapshot, object_id: `@${id}` };
      const chain = await server.call('get_dominators_of', of);
      const first =
        /^Dominator chain for @\d+:[\s\S]*?\(type: .*?, self_size: (\d+), retained_size: (\d+)\)(?:\n {2}dominated by @(\d+)|$)/;
      const [, shallow, retained, dominator] = /** @type {RegExpExecArray} */ (first.exec(chain));
      const sizes = { shallowBytes: Number(shallow), retainedBytes: Number(retained) };
      nodes.set(id, { ...sizes, dominator: Number(dominator ?? id) });
    };
    await Promise.all(ids.filter((id) => !nodes.has(id)).map(ask));
    return nodes;
  } finally {
    server.stop();
  }
}

exports.analyseWith = analyseWith;
exports.findBinary = findBinary;
