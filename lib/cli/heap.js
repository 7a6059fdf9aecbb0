'use strict';

/** `leakguard heap summary FILE`: what a heap snapshot holds. Reading and counting are the addon's. */

const { loadNative } = require('../native');
const { CliError, exitCodes } = require('./exit-codes');

/** Shorter work needs no bar. */
const PATIENCE_MS = 300;
const REDRAW_MS = 100;
const BAR_WIDTH = 30;

/**
 * Draws how far it is on a terminal, while something is awaited.
 * @template T
 * @param {Promise<T>} work
 * @param {() => number} share  0 to 1
 * @returns {Promise<T>}
 */
async function withProgress(work, share) {
  if (!process.stderr.isTTY) return work;
  const start = performance.now();
  let drawn = false;
  const timer = setInterval(() => {
    if (performance.now() - start < PATIENCE_MS) return;
    drawn = true;
    const done = Math.floor(share() * BAR_WIDTH);
    const bar = '#'.repeat(done) + '.'.repeat(BAR_WIDTH - done);
    const what = done < BAR_WIDTH ? 'reading the snapshot' : 'finding who holds what';
    process.stderr.write(`\r\x1b[K[${bar}] ${what}`);
  }, REDRAW_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (drawn) process.stderr.write('\r\x1b[K');
  }
}

/**
 * @param {string} file
 * @param {{ limit: number, redact?: boolean, json?: boolean }} options
 * @throws {CliError} that names the file and the byte where it is no snapshot
 */
async function printSummary(file, { limit, redact = false, json = false }) {
  const { HeapProgress, summarizeHeap } = loadNative();
  const progress = new HeapProgress();
  try {
    const work = summarizeHeap(file, limit, redact, !json, progress);
    const summary = await withProgress(work, () => progress.share);
    process.stdout.write(json ? `${summary}\n` : summary);
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error);
    if (code !== 'InvalidArg') throw error;
    throw new CliError(exitCodes.badInput, message);
  }
}

exports.printSummary = printSummary;
