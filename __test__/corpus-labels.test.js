'use strict';

/** The corpus and its labels belong together: no program without a label, no label without one. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const manifest = require('../corpus/package.json');
const lock = require('../corpus/package-lock.json');
const { findFault, listPrograms, readLabels } = require('../scripts/corpus/labels');

const labels = readLabels();

test('every program has exactly one label and every label a program', () => {
  assert.deepEqual(labels.map(({ file }) => file).sort(), listPrograms().sort());
});

test('names are unique and are the file names', () => {
  const names = labels.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, file } of labels) assert.match(file, new RegExp(`/${name}\\.m?js$`));
});

test('programs that leak and programs that do not live in folders of their own', () => {
  const folders = { leak: 'programs/leaks/', healthy: 'programs/healthy/' };
  for (const { file, verdict } of labels) assert.ok(file.startsWith(folders[verdict]), file);
});

test('versions are pinned, and nothing runs a script at install', () => {
  for (const version of Object.values(manifest.dependencies))
    assert.match(version, /^(npm:.+@)?\d/);
  const scripted = Object.entries(lock.packages).filter(([, each]) => 'hasInstallScript' in each);
  assert.deepEqual(scripted, []);
});

test('a label that says too little is refused', () => {
  /** @type {any} */
  const leak = {
    name: 'a',
    file: 'programs/leaks/a.js',
    verdict: 'leak',
    class: 'timers',
    kinds: ['timers'],
    guilty: ['a'],
    about: 'why',
    source: null,
  };
  assert.equal(findFault(leak), undefined);
  const healthy = { ...leak, verdict: 'healthy', class: null, kinds: [], guilty: [] };
  assert.equal(findFault(healthy), undefined);
  for (const change of [
    { verdict: 'maybe' },
    { class: 'files' },
    { class: null },
    { kinds: [] },
    { guilty: [] },
    { about: '' },
    { name: '' },
  ]) {
    assert.notEqual(findFault({ ...leak, ...change }), undefined, JSON.stringify(change));
  }
  assert.notEqual(findFault({ ...healthy, class: 'timers' }), undefined);
});
