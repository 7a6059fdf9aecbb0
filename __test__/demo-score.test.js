'use strict';

/** The demo's judge: what it passes and what it fails, on reports made by hand. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { it } = require('node:test');
const { readMarkers, score } = require('../scripts/demo/score');

const SERVICE = path.join(__dirname, '..', 'demo', 'service.js');
const source = fs.readFileSync(SERVICE, 'utf8');
const markers = readMarkers(source);
const leaks = markers.filter(({ role }) => role === 'leak');
const neighbours = markers.filter(({ role }) => role === 'healthy');

/** As the planted leaks are reported, by the name of their marker. */
const KINDS = {
  'listener per request': { kind: 'listeners', what: 'EventEmitter' },
  'interval per connection': { kind: 'timers', what: 'interval' },
  'unbounded cache': { kind: 'collections', what: 'Map' },
  'abort listener': { kind: 'listeners', what: 'AbortSignal' },
};

/**
 * @param {object} about
 * @param {number} line
 */
function createFinding(about, line) {
  const site = { file: SERVICE, line, column: 1, function: '', package: null, app: null };
  return { severity: 'leak', title: 'a leak', site, sites: [{ ...site, share: 1 }], ...about };
}

/** @param {(finding: any, name: string) => any} [change]  what becomes of each right finding */
function judge(change = (finding) => finding, others = []) {
  const findings = leaks.map(({ name, line }) => change(createFinding(KINDS[name], line), name));
  const report = { findings: [...findings.filter((finding) => finding !== null), ...others] };
  const warned = new Map(leaks.map(({ line }) => [`${SERVICE}:${line}`, 1000]));
  return score(/** @type {any} */ (report), SERVICE, markers, warned);
}

it('passes when each planted leak is named and nothing else', () => {
  assert.equal(judge().ok, true);
  assert.equal(leaks.length, 4);
  assert.equal(neighbours.length, 4);
});

it('reads the line below each marker', () => {
  const lines = source.split('\n');
  for (const { name, line } of markers) {
    assert.match(lines[line - 2], new RegExp(`// (leak|healthy): ${name} - `));
    assert.match(lines[line - 1], /(set|on|addEventListener|setInterval)\(/, name);
  }
});

it('refuses a service that lacks a marker', () => {
  assert.throws(() => readMarkers(source.replace('leak: abort listener', '')), /markers/);
});

for (const { name } of leaks) {
  it(`fails when the ${name} is missed`, () => {
    assert.equal(judge((finding, of) => (of === name ? null : finding)).ok, false);
  });

  it(`fails when the ${name} is only suspected`, () => {
    const change = (finding, of) => (of === name ? { ...finding, severity: 'suspect' } : finding);
    assert.equal(judge(change).ok, false);
  });

  it(`fails when the ${name} is blamed on another line`, () => {
    const change = (finding, of) =>
      of === name ? createFinding(KINDS[name], finding.site.line + 1) : finding;
    assert.equal(judge(change).ok, false);
  });
}

for (const { name, line } of neighbours) {
  it(`fails when ${name} is accused`, () => {
    const finding = createFinding({ kind: 'collections', what: 'Map', severity: 'note' }, line);
    assert.equal(judge(undefined, [finding]).ok, false);
  });

  it(`fails when ${name} is accused through a package that it calls`, () => {
    const { site } = createFinding({}, line);
    const inPackage = { ...site, file: '/node_modules/lru-cache/index.js', package: 'lru-cache' };
    const finding = createFinding({ kind: 'collections', what: 'Map' }, line);
    finding.site = { ...inPackage, app: site };
    finding.sites = [{ ...inPackage, app: site, share: 1 }];
    assert.equal(judge(undefined, [finding]).ok, false);
  });
}

it('fails when anything else is accused, but for the heap as a whole', () => {
  const stranger = { kind: 'timers', what: 'timeout', site: null, sites: [] };
  assert.equal(judge(undefined, [createFinding(stranger, 1)]).ok, false);
  const heap = { kind: 'heap', what: 'heap', severity: 'suspect', site: null, sites: [] };
  assert.equal(judge(undefined, [createFinding(heap, 1)]).ok, true);
});

it('fails when a leak is in the report but nobody was warned', () => {
  const findings = leaks.map(({ name, line }) => createFinding(KINDS[name], line));
  const { ok } = score(/** @type {any} */ ({ findings }), SERVICE, markers, new Map());
  assert.equal(ok, false);
});
