'use strict';

/** A build tool that watches one folder with chokidar: files come, change and go. */

const { once } = require('node:events');
const { mkdtempSync, rmSync } = require('node:fs');
const { rm, writeFile } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { watch } = require('chokidar');
const { pace } = require('../../support/pace');

const KEPT = 30;

const folder = mkdtempSync(path.join(tmpdir(), 'watched-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What was built, by source file. */
const built = new Map();

async function touch(n) {
  const name = (/** @type {number} */ id) => path.join(folder, `module-${id}.js`);
  await writeFile(name(n), `exports.id = ${n};\n`);
  if (n >= KEPT) await rm(name(n - KEPT));
}

async function main() {
  const watcher = watch(folder, { ignoreInitial: true });
  await once(watcher, 'ready');
  watcher.on('add', (file) => built.set(file, { at: Date.now() }));
  watcher.on('change', (file) => built.set(file, { at: Date.now() }));
  watcher.on('unlink', (file) => built.delete(file));
  const open = new Set();
  await pace(20, (n) => {
    const touched = touch(n).finally(() => open.delete(touched));
    open.add(touched);
  });
  await Promise.all(open);
  await watcher.close();
}

main();
