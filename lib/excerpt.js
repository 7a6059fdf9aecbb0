'use strict';

/**
 * The lines of code around the sites of a report, for the HTML that shows them.
 *
 * A report is a file that may come from anywhere, and an HTML report is made to be handed on. A site that
 * names `/etc/shadow`, or a link to it, must not carry it along. So lines are taken of nothing but regular
 * files that are JavaScript or TypeScript by their names, below the working directory after all links
 * are followed, of modest size and without binary data; and not of a file that has changed since the
 * process was started, because its lines are not those that ran. Whatever is in the way, there is then no
 * excerpt, and nobody is told.
 */

const fs = require('node:fs');
const path = require('node:path');

/** @typedef {import('..').ReportData} ReportData */
/** @typedef {import('..').Finding} Finding */
/**
 * @typedef {object} Excerpt
 * @property {string} file  as the report names it
 * @property {number} line  that is meant, from 1
 * @property {number} first  of `lines`
 * @property {string[]} lines
 */

const SOURCE = /\.[cm]?[jt]sx?$/i;
/** As V8 counts lines. */
const LINE_END = /\r\n|[\n\r\u2028\u2029]/;
const LINES_AROUND = 3;
const MAX_FINDINGS = 50;
const MAX_FILE_BYTES = 1024 * 1024;
/** Of a line: what a reader takes in. A minified source is one line of all. */
const MAX_COLUMNS = 200;

/** @param {Finding} finding @returns {import('..').Frame | undefined} the line that the reader can change */
function ownFrame({ site, sites }) {
  const main = site ?? sites[0];
  return main?.app ?? main;
}

/**
 * @param {string} file
 * @param {string} root  of which no part is a link
 * @param {number} before  epoch ms
 * @returns {string[] | null} its lines, if they may be shown
 */
function readLines(file, root, before) {
  if (!path.isAbsolute(file)) return null;
  /** @type {number | undefined} */
  let descriptor;
  try {
    const real = fs.realpathSync(file);
    const below = path.relative(root, real);
    const isBelow = below !== '' && !path.isAbsolute(below) && !/^\.\.(?:[\\/]|$)/.test(below);
    if (!isBelow || !SOURCE.test(file) || !SOURCE.test(real)) return null;
    // A pipe of that name would hold us until somebody writes to it.
    descriptor = fs.openSync(real, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    const stats = fs.fstatSync(descriptor);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES || stats.mtimeMs > before) return null;
    const bytes = Buffer.alloc(stats.size);
    const read = fs.readSync(descriptor, bytes, 0, stats.size, 0);
    const text = bytes.toString('utf8', 0, read);
    return text.includes('\0') ? null : text.split(LINE_END);
  } catch {
    return null;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** @param {string} line */
function cut(line) {
  return line.length <= MAX_COLUMNS ? line : `${line.slice(0, MAX_COLUMNS - 1)}…`;
}

/**
 * @param {ReportData} report
 * @param {string | undefined} directory  below which sources may be read
 * @returns {Excerpt[]} each place once
 */
function readExcerpts({ findings, startedAt }, directory) {
  if (directory === undefined) return [];
  let root;
  try {
    root = fs.realpathSync(directory);
  } catch {
    return [];
  }
  /** @type {Map<string, string[] | null>} */
  const linesByFile = new Map();
  /** @type {Map<string, Excerpt>} */
  const excerpts = new Map();
  for (const finding of findings.slice(0, MAX_FINDINGS)) {
    const frame = ownFrame(finding);
    if (frame === undefined) continue;
    const { file, line } = frame;
    if (!linesByFile.has(file)) linesByFile.set(file, readLines(file, root, startedAt));
    const lines = linesByFile.get(file);
    if (!lines || line < 1 || line > lines.length) continue;
    const first = Math.max(1, line - LINES_AROUND);
    const shown = lines.slice(first - 1, line + LINES_AROUND).map(cut);
    excerpts.set(`${line}:${file}`, { file, line, first, lines: shown });
  }
  return [...excerpts.values()];
}

exports.readExcerpts = readExcerpts;
