'use strict';

/** Heap snapshots of other processes: of a program that holds things of every kind, and of pages. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { launchChromium } = require('./browser/chromium');
const { FIXTURES, program, runCommand, temporaryFolder } = require('./child');

/** @typedef {import('node:test').TestContext} TestContext */

const DENO = path.join(__dirname, 'runtimes/node_modules/deno/deno');

/**
 * @param {TestContext} t
 * @param {string} binary  of Node.js or Deno
 * @param {string[]} [args]
 * @returns {Promise<string>} the file
 */
async function takeOfProgram(t, binary, args = []) {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'kinds.heapsnapshot');
  // Deno keeps there what it has compiled.
  const env = { DENO_DIR: folder };
  const all = [...args, program('holds-all-kinds.js'), file];
  const { code, stderr } = await runCommand(binary, all, { env });
  assert.equal(code, 0, stderr);
  return file;
}

/** @param {TestContext} t */
const takeOfDeno = (t) => takeOfProgram(t, DENO, ['run', '--allow-all', '--no-remote']);

/**
 * As DevTools takes them.
 * @param {TestContext} t
 * @param {string} name  of a page of the fixtures
 * @returns {Promise<string>} the file
 */
async function takeOfPage(t, name) {
  const { page, refused } = await launchChromium(t);
  await page.goto(`${pathToFileURL(path.join(FIXTURES, 'pages', name))}`);
  const devtools = await page.context().newCDPSession(page);
  const file = path.join(temporaryFolder(t), 'page.heapsnapshot');
  devtools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => fs.appendFileSync(file, chunk));
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  assert.deepEqual(refused, []);
  return file;
}

module.exports = { takeOfDeno, takeOfPage, takeOfProgram };
