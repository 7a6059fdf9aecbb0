'use strict';

/** The judge of Node's own tests: what is a difference and whose it is, on outcomes made by hand. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { compare } = require('../scripts/core-suite/comparison');
const { EXPLANATIONS, explanationOf } = require('../scripts/core-suite/explained');

/** @param {string[]} outcomes  of one run after the other, the last one from then on */
function ending(...outcomes) {
  let runs = 0;
  const run = async () => {
    runs += 1;
    return { outcome: outcomes[Math.min(runs, outcomes.length) - 1], output: '' };
  };
  return Object.assign(run, { count: () => runs });
}

/**
 * @param {Record<'bare' | 'guarded', string[]> & { preloaded?: string[] }} outcomes
 * @param {string[]} [levels]
 */
async function verdictsOf({ bare, guarded, preloaded = ['0'] }, levels = ['sites']) {
  const run = {
    bare: ending(...bare),
    guarded: ending(...guarded),
    preloaded: ending(...preloaded),
  };
  const found = await compare('test/parallel/test-a.js', levels, run);
  return { verdicts: found.map(({ verdict }) => verdict), bareRuns: run.bare.count() };
}

describe('the comparison of a test file with and without leakguard', () => {
  it('takes one run each where they end alike', async () => {
    assert.deepEqual(await verdictsOf({ bare: ['0'], guarded: ['0'] }), {
      verdicts: ['same'],
      bareRuns: 1,
    });
    assert.deepEqual((await verdictsOf({ bare: ['1'], guarded: ['1'] })).verdicts, ['same']);
  });

  it('calls unsteady what ends alike when it is repeated', async () => {
    const { verdicts } = await verdictsOf({ bare: ['0'], guarded: ['timeout', '0'] });
    assert.deepEqual(verdicts, ['unsteady']);
  });

  it('calls different what fails under leakguard now and then and never without', async () => {
    const { verdicts } = await verdictsOf({ bare: ['0'], guarded: ['1', '0', '1', '0'] });
    assert.deepEqual(verdicts, ['different']);
  });

  it('calls different what passes or is skipped under leakguard alone', async () => {
    const mended = { bare: ['1'], guarded: ['0'], preloaded: ['1'] };
    assert.deepEqual((await verdictsOf(mended)).verdicts, ['different']);
    assert.deepEqual((await verdictsOf({ bare: ['0'], guarded: ['skipped'] })).verdicts, [
      'different',
    ]);
  });

  it('does not blame leakguard for what an empty module does to a test as well, in the same way', async () => {
    const one = { bare: ['0'], guarded: ['1'] };
    assert.deepEqual((await verdictsOf({ ...one, preloaded: ['1'] })).verdicts, ['preload']);
    assert.deepEqual((await verdictsOf({ ...one, preloaded: ['SIGABRT'] })).verdicts, [
      'different',
    ]);
  });

  it('repeats bare runs once, however many levels differ', async () => {
    const levels = ['sites', 'survivors', 'exact'];
    const { verdicts, bareRuns } = await verdictsOf({ bare: ['0'], guarded: ['1'] }, levels);
    assert.deepEqual(verdicts, ['different', 'different', 'different']);
    assert.equal(bareRuns, 4);
  });
});

describe('the differences that are explained', () => {
  it('are argued one by one in docs/transparency.md', () => {
    const page = fs.readFileSync(path.join(__dirname, '..', 'docs', 'transparency.md'), 'utf8');
    for (const { why } of EXPLANATIONS) assert.ok(page.includes(why), why);
  });

  it('are so only as long as the test says what it always says', () => {
    const bare = [{ outcome: '0', output: '' }];
    const expected = {
      outcome: '1',
      output: 'These builtins are now unexpectedly loaded at run time.',
    };
    const explain = (/** @type {typeof bare} */ guarded) =>
      explanationOf({
        file: 'test/parallel/test-bootstrap-modules.js',
        level: 'sites',
        verdict: 'different',
        bare,
        guarded,
      });
    assert.equal(explain([expected, bare[0], expected]), EXPLANATIONS[0].why);
    assert.equal(explain([expected, { outcome: 'SIGSEGV', output: '' }]), null);
  });
});
