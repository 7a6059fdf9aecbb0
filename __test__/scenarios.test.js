'use strict';

/** `check()` with its defaults on scenarios that leak and on scenarios that do not. */

const leakguard = require('..');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, describe, it } = require('node:test');
const { close, healthy } = require('./fixtures/scenarios/healthy');
const { leaking, release } = require('./fixtures/scenarios/leaking');

const LEAKING = require.resolve('./fixtures/scenarios/leaking');
const lines = fs.readFileSync(LEAKING, 'utf8').split('\n');

after(() => Promise.all([release(), close()]));

describe('a scenario that leaks one thing per call', () => {
  for (const { name, kind, fn } of leaking) {
    it(`${name}: told once, with its line`, async () => {
      const report = await leakguard.check(fn);
      assert.deepEqual(
        report.leaks.map(({ kind, tier, site }) => ({
          kind,
          tier,
          file: site?.file,
          line: site?.line,
        })),
        [{ kind, tier: 'scenario', file: LEAKING, line: lineBelow(`// leak: ${name}`) }],
        String(report),
      );
    });
  }
});

describe('a scenario that leaks nothing', () => {
  for (const { name, fn } of healthy) {
    it(`${name}: no leak`, async () => {
      const report = await leakguard.check(fn);
      assert.notEqual(report.verdict, 'leak', String(report));
    });
  }
});

/** @param {string} comment */
function lineBelow(comment) {
  const index = lines.findIndex((line) => line.trim() === comment);
  assert.notEqual(index, -1, `${LEAKING} has no line '${comment}'`);
  return index + 2;
}
