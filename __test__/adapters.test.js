'use strict';

/**
 * The adapters under the real runners, at their current and previous majors: of sixty tests, twenty of
 * which leak, run one after the other and all at once, those twenty are blamed and nobody else.
 */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { onReferenceOnly, temporaryFolder } = require('./child');
const { assertValidReport } = require('./report-schema');
const { RUNNERS, UNSUPPORTED, runSuite } = require('../scripts/suites/suite-run');
const { bodies } = require('./fixtures/suites/bodies');

const node = process.versions.node.split('.')[0];
/** The previous majors of the runners are tested on one Node.js, and those that are too old. */
const isReference = !onReferenceOnly;
const runners = RUNNERS.filter(
  ({ name, major }) => isReference || major === 'current' || (name === 'vitest' && node === '20'),
);
const guilty = bodies.filter(({ leaks }) => leaks !== null).map(({ name }) => name);

for (const runner of runners) {
  const { name, major, from = 20 } = runner;
  const skip = Number(node) < from && `needs Node.js ${from}`;
  for (const concurrent of runner.concurrent ? [false, true] : [false]) {
    const how = concurrent ? 'at the same time' : 'one after the other';
    test(`${name} (${major}), tests ${how}: who leaks is blamed`, { skip }, async () => {
      const { code, blamed, output } = await runSuite(runner, 'seeded', { node, concurrent });
      assert.deepEqual([...blamed].sort(), [...guilty].sort(), output);
      assert.equal(code, 1);
    });
  }
  test(`${name} (${major}): a test that failed is not asked what it left`, { skip }, async () => {
    const { code, blamed, output } = await runSuite(runner, 'failed', { node, concurrent: false });
    assert.match(output, /wanted/);
    assert.deepEqual([...blamed], [], output);
    assert.equal(code, 1);
  });
  // Of sinon one major is enough: it knows nothing of its runner.
  if (name === 'mocha' && major === 'previous') continue;
  test(`${name} (${major}), fake timers: only a real one is a leak`, { skip }, async () => {
    const { blamed, output } = await runSuite(runner, 'fake', { node, concurrent: false });
    assert.deepEqual([...blamed], ['leaky real'], output);
  });
}

for (const runner of runners.filter(({ name }) => name !== 'node:test')) {
  const { name, major, from = 20 } = runner;
  const skip = Number(node) < from && `needs Node.js ${from}`;
  test(`${name} (${major}): of a test that is run again only the last attempt counts`, {
    skip,
  }, async () => {
    const { blamed, output } = await runSuite(runner, 'retried', { node, concurrent: false });
    const leaky = ['leaky retried', ...(name === 'jest' ? ['leaky generator', 'leaky spied'] : [])];
    assert.deepEqual([...blamed].sort(), leaky.sort(), output);
    const passed = { jest: /1 passed/, mocha: /3 passing/, vitest: /2 passed/ };
    assert.match(output, passed[/** @type {keyof typeof passed} */ (name)]);
  });
}

for (const runner of runners.filter(({ name }) => name === 'jest')) {
  test(`jest (${runner.major}) finds no open handle of ours`, async () => {
    const more = ['--detectOpenHandles', '--forceExit=false'];
    const { code, output } = await runSuite(runner, 'healthy', { node, concurrent: false, more });
    assert.equal(code, 0, output);
    assert.match(output, /1 passed/);
    assert.doesNotMatch(output, /open handle/i);
  });
}

for (const runner of runners.filter(({ name }) => name === 'mocha')) {
  test(`mocha (${runner.major}) --parallel: who leaks is blamed`, async () => {
    const more = ['--parallel', '--jobs', '2', '../healthy.mocha.js'];
    const { code, blamed, output } = await runSuite(runner, 'seeded', {
      node,
      concurrent: false,
      more,
    });
    assert.deepEqual([...blamed].sort(), [...guilty].sort(), output);
    assert.equal(code, 1);
  });
}

for (const isolation of ['process', 'none']) {
  // Node.js 20 knows one only.
  const skip = node === '20' && isolation === 'none' && 'needs Node.js 22';
  test(`node --test, isolation ${isolation}: who leaks is blamed`, { skip }, async () => {
    const [runner] = runners;
    const more = ['--test', ...(node === '20' ? [] : [isolationOption(isolation)])];
    const before = {
      ...runner,
      argsOf: (/** @type {string} */ suite) => [...more, ...runner.argsOf(suite)],
    };
    const { code, blamed, output } = await runSuite(before, 'seeded', { node, concurrent: false });
    assert.deepEqual([...blamed].sort(), [...guilty].sort(), output);
    assert.equal(code, 1);
  });
}

/** @param {string} isolation */
const isolationOption = (isolation) =>
  `--${node === '22' ? 'experimental-test' : 'test'}-isolation=${isolation}`;

for (const runner of runners.filter(({ name }) => name === 'vitest')) {
  const { major, from = 20 } = runner;
  const skip = Number(node) < from && `needs Node.js ${from}`;
  test(`vitest (${major}): the reporter writes one report of all files`, { skip }, async (t) => {
    const file = path.join(temporaryFolder(t), 'leaks.json');
    const more = ['fake', '--reporter', 'default', '--reporter', 'leakguard/vitest-reporter'];
    const env = { LEAKGUARD_REPORT: file };
    const { output } = await runSuite(runner, 'seeded', { node, concurrent: false, more, env });
    assert.match(output, /^leakguard: \d+ leaks/m);
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    assertValidReport(report);
    const marks = report.findings.flatMap((/** @type {any} */ finding) => finding.marks);
    const labels = marks.map((/** @type {any} */ { label }) => label);
    assert.ok(
      labels.includes('seeded > leaky 0') && labels.includes('seeded > leaky real'),
      labels,
    );
  });
}

for (const runner of isReference ? UNSUPPORTED : []) {
  test(`${runner.name}: a version that is too old is refused by name`, async () => {
    const { code, output } = await runSuite(runner, 'seeded', { node, concurrent: false });
    assert.equal(code, 1);
    assert.match(output, /needs (root hooks|aroundEach\(\)), which \w+ has from version [\d.]+ on/);
  });
}
