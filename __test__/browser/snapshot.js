'use strict';

/** Heap snapshots of pages, as DevTools takes them. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { FIXTURES, temporaryFolder } = require('../child');
const { launchChromium } = require('./chromium');

/**
 * @param {import('node:test').TestContext} t
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

exports.takeOfPage = takeOfPage;
