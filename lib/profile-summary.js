'use strict';

/** What a sampling heap profile holds: live bytes by the function that allocated them. */

const fs = require('node:fs');
const { fileURLToPath } = require('node:url');
const { LeakguardError } = require('./errors');

/** @typedef {{ functionName: string, url: string, lineNumber: number, columnNumber: number }} CallFrame  from 0 */
/** @typedef {{ callFrame: CallFrame, selfSize: number, children: ProfileNode[] }} ProfileNode */
/** @typedef {{ name: string, place: string | null, selfBytes: number, totalBytes: number }} ProfiledFunction */
/** @typedef {{ sampledBytes: number, functionCount: number, functions: ProfiledFunction[] }} ProfileSummary */

/**
 * @param {string} file  a `.heapprofile` of Node.js, Chrome or `heap.profile()`
 * @param {number} limit  functions that are listed
 * @returns {ProfileSummary}
 * @throws {LeakguardError} ERR_LEAKGUARD_INPUT
 */
function summarizeProfile(file, limit) {
  const head = readHead(file);
  /** @type {Map<string, ProfiledFunction>} */
  const functions = new Map();
  let sampledBytes = 0;
  // A stack of our own: profiles are as deep as the program's stacks were.
  /** @type {{ node: ProfileNode, callers: Set<ProfiledFunction> }[]} */
  const open = head.children.map((node) => ({ node, callers: new Set() }));
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { callFrame, selfSize, children } = checked(top.node, file);
    const name = callFrame.functionName || '(anonymous)';
    const place = placeOf(callFrame);
    const key = `${name} ${place}`;
    const own = functions.get(key) ?? { name, place, selfBytes: 0, totalBytes: 0 };
    functions.set(key, own);
    own.selfBytes += selfSize;
    sampledBytes += selfSize;
    // A function that calls itself is one caller.
    const callers = new Set(top.callers).add(own);
    for (const caller of callers) caller.totalBytes += selfSize;
    for (const node of children) open.push({ node, callers });
  }
  const sorted = [...functions.values()].sort(
    (one, other) => other.selfBytes - one.selfBytes || other.totalBytes - one.totalBytes,
  );
  return { sampledBytes, functionCount: sorted.length, functions: sorted.slice(0, limit) };
}

/**
 * @param {string} file
 * @returns {ProfileNode}
 */
function readHead(file) {
  try {
    const { head } = JSON.parse(fs.readFileSync(file, 'utf8'));
    return checked(head, file);
  } catch (error) {
    if (error instanceof LeakguardError) throw error;
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new LeakguardError(
      'ERR_LEAKGUARD_INPUT',
      code === undefined
        ? `${file}: no heap profile: ${message}`
        : `${file} cannot be read: ${message}`,
      error,
    );
  }
}

/**
 * @param {ProfileNode} node
 * @param {string} file
 */
function checked(node, file) {
  const isNode =
    typeof node?.callFrame?.functionName === 'string' &&
    Number.isFinite(node.selfSize) &&
    Array.isArray(node.children);
  if (isNode) return node;
  throw new LeakguardError(
    'ERR_LEAKGUARD_INPUT',
    `${file}: no heap profile: a node has callFrame, selfSize and children`,
  );
}

/** @param {CallFrame} frame */
function placeOf({ url, lineNumber, columnNumber }) {
  if (!url) return null;
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return `${file}:${lineNumber + 1}:${columnNumber + 1}`;
}

/**
 * As a table.
 * @param {ProfileSummary} summary
 */
function profileText({ sampledBytes, functionCount, functions }) {
  const size = (/** @type {number} */ bytes) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(14);
  const rows = functions.map(({ name, place, selfBytes, totalBytes }) => {
    const where = place === null ? '' : ` (${place})`;
    return `${size(totalBytes)}${size(selfBytes)}  ${name}${where}`;
  });
  return [
    `${size(sampledBytes).trim()} live, by the function that allocated them`,
    '',
    `FUNCTIONS, ${functions.length} of ${functionCount}`,
    `${'with callees'.padStart(14)}${'itself'.padStart(14)}`,
    ...rows,
    '',
  ].join('\n');
}

exports.profileText = profileText;
exports.summarizeProfile = summarizeProfile;
