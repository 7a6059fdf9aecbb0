'use strict';

/**
 * The adapters under the real runners, at their current and previous majors: of sixty tests, twenty of
 * which leak, run one after the other and all at once, those twenty are blamed and nobody else.
 */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { RUNNERS, UNSUPPORTED, runSuite } = require('../scripts/suites/suite-run');
const { bodies } = require('./fixtures/suites/bodies');

const node = process.versions.node.split('.')[0];
const guilty = bodies.filter(({ leaks }) => leaks !== null).map(({ name }) => name);

for (const runner of RUNNERS) {
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

for (const runner of RUNNERS.filter(({ name }) => name === 'jest')) {
  test(`jest (${runner.major}) finds no open handle of ours`, async () => {
    const more = ['--detectOpenHandles', '--forceExit=false'];
    const { code, output } = await runSuite(runner, 'healthy', { node, concurrent: false, more });
    assert.equal(code, 0, output);
    assert.match(output, /1 passed/);
    assert.doesNotMatch(output, /open handle/i);
  });
}

for (const runner of UNSUPPORTED) {
  test(`${runner.name}: a version that is too old is refused by name`, async () => {
    const { code, output } = await runSuite(runner, 'seeded', { node, concurrent: false });
    assert.equal(code, 1);
    assert.match(output, /needs (root hooks|aroundEach\(\)), which \w+ has from version [\d.]+ on/);
  });
}
