'use strict';

/** The judge of the corpus: what it passes and what it fails, on reports made by hand. */

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const { CLASSES } = require('../scripts/corpus/labels');
const { BOUNDS, isAttributed, judge, summarize } = require('../scripts/corpus/score');

/** Epoch ms at which the made-up processes start. */
const STARTED_AT = 1_000_000;
const PID = 4711;

/** @type {any} */
const LEAK = {
  name: 'listener-per-query',
  file: 'programs/leaks/listener-per-query.js',
  verdict: 'leak',
  class: 'listeners',
  kinds: ['listeners', 'objects'],
  guilty: ['some-client', 'programs/leaks/listener-per-query.js'],
  about: 'A listener per query.',
  source: null,
};
/** @type {any} */
const HEALTHY = {
  ...LEAK,
  name: 'lru-churn',
  verdict: 'healthy',
  class: null,
  kinds: [],
  guilty: [],
};

/** @returns {any} */
function createSite(change = {}) {
  return {
    file: '/app/corpus/node_modules/some-client/index.js',
    line: 12,
    column: 3,
    function: 'query',
    package: 'some-client',
    app: null,
    ...change,
  };
}

/** @returns {any} */
function createFinding(change = {}) {
  const site = createSite();
  return {
    severity: 'leak',
    kind: 'listeners',
    what: 'EventEmitter',
    site,
    sites: [{ ...site, share: 1 }],
    ...change,
  };
}

/**
 * @param {any[]} findings
 * @returns {any}
 */
function createRun(findings, change = {}) {
  const report = {
    pid: PID,
    threadId: 0,
    startedAt: STARTED_AT,
    at: STARTED_AT + 15_000,
    ticks: 150,
    intervalMs: 100,
    findings,
  };
  return { failure: null, reports: [report], warnings: [], stderr: [], ...change };
}

const stranger = createSite({ file: '/app/corpus/node_modules/other/index.js', package: 'other' });

describe('a leaking program', () => {
  it('is found by a finding of severity leak, of the right kind, at the guilty package', () => {
    const row = judge(LEAK, createRun([createFinding()]));
    assert.equal(row.outcome, 'found');
    assert.equal(row.attributed, true);
    assert.equal(row.rightKind, true);
    assert.equal(row.leaks, 1);
    assert.equal(row.site, 'index.js:12 query [some-client]');
  });

  it('is missed when there are suspects and notes only', () => {
    const findings = [createFinding({ severity: 'suspect' }), createFinding({ severity: 'note' })];
    const row = judge(LEAK, createRun(findings));
    assert.equal(row.outcome, 'missed');
    assert.equal(row.attributed, false);
    assert.equal(row.suspects, 1);
  });

  it('is judged by its first finding of severity leak alone', () => {
    const wrong = createFinding({ kind: 'timers', site: stranger, sites: [] });
    const row = judge(LEAK, createRun([wrong, createFinding()]));
    assert.equal(row.outcome, 'found');
    assert.equal(row.attributed, false);
    assert.equal(row.rightKind, false);
    assert.equal(row.leaks, 2);
  });

  it('is found through any kind that its label accepts', () => {
    const row = judge(LEAK, createRun([createFinding({ kind: 'objects' })]));
    assert.equal(row.rightKind, true);
  });

  it('counts for nothing when it failed, whatever the report says', () => {
    const row = judge(LEAK, createRun([createFinding()], { failure: 'ended with 1' }));
    assert.equal(row.outcome, 'failed');
  });

  it('may leak in a thread or a child', () => {
    const { reports } = createRun([]);
    const worker = { ...reports[0], threadId: 1, findings: [createFinding()] };
    const row = judge(LEAK, createRun([], { reports: [...reports, worker] }));
    assert.equal(row.outcome, 'found');
  });
});

describe('a healthy program', () => {
  it('is quiet with suspects and notes', () => {
    const row = judge(HEALTHY, createRun([createFinding({ severity: 'suspect' })]));
    assert.equal(row.outcome, 'quiet');
    assert.equal(row.class, 'healthy');
  });

  it('is accused by any finding of severity leak', () => {
    assert.equal(judge(HEALTHY, createRun([createFinding()])).outcome, 'accused');
  });

  it('is accused by a warning that the report has taken back', () => {
    const warnings = [{ pid: PID, code: 'TIMERS', title: 'grows', at: STARTED_AT + 7_000 }];
    assert.equal(judge(HEALTHY, createRun([], { warnings })).outcome, 'accused');
  });

  it('is accused even when it failed', () => {
    const row = judge(HEALTHY, createRun([createFinding()], { failure: 'ended with 1' }));
    assert.equal(row.outcome, 'accused');
  });
});

describe('attribution', () => {
  const app = {
    file: '/app/corpus/programs/leaks/listener-per-query.js',
    line: 3,
    column: 1,
    function: 'ask',
  };

  it('takes a guilty package by its whole name', () => {
    assert.equal(isAttributed(createFinding(), ['some-client']), true);
    assert.equal(isAttributed(createFinding(), ['some']), false);
    assert.equal(isAttributed(createFinding(), ['@scope/some-client']), false);
  });

  it('takes a guilty file as the end of a path, from a whole folder name on', () => {
    const finding = createFinding({ site: createSite({ ...app, package: null }), sites: [] });
    assert.equal(isAttributed(finding, ['programs/leaks/listener-per-query.js']), true);
    assert.equal(isAttributed(finding, ['per-query.js']), false);
    assert.equal(isAttributed(finding, ['programs/leaks/listener-per-query']), false);
  });

  it('takes the first frame of the application too', () => {
    const finding = createFinding({ site: { ...stranger, app }, sites: [] });
    assert.equal(isAttributed(finding, LEAK.guilty), true);
  });

  it('takes any of the sites, where none dominates too', () => {
    const sites = [
      { ...stranger, share: 0.6 },
      { ...createSite(), share: 0.4 },
    ];
    assert.equal(isAttributed(createFinding({ site: null, sites }), ['some-client']), true);
    assert.equal(isAttributed(createFinding({ site: null, sites: [] }), ['some-client']), false);
  });

  it('reads the paths of every platform', () => {
    const site = createSite({ file: String.raw`C:\corpus\programs\leaks\a.js`, package: null });
    assert.equal(isAttributed(createFinding({ site, sites: [] }), ['programs/leaks/a.js']), true);
  });
});

describe('time to detect', () => {
  const warning = { pid: PID, code: 'LISTENERS', title: 'grows', at: STARTED_AT + 7_200 };

  it('runs from the start of leakguard to the first warning of the finding', () => {
    const warnings = [warning, { ...warning, at: warning.at + 900 }];
    const row = judge(LEAK, createRun([createFinding()], { warnings }));
    assert.deepEqual([row.detectedMs, row.detectedTicks, row.warned], [7_200, 72, true]);
  });

  it('ignores warnings of other kinds and other processes', () => {
    const warnings = [
      { ...warning, code: 'TIMERS', at: STARTED_AT + 100 },
      { ...warning, pid: PID + 1, at: STARTED_AT + 200 },
      warning,
    ];
    const row = judge(LEAK, createRun([createFinding()], { warnings }));
    assert.equal(row.detectedMs, 7_200);
  });

  it('knows the code of collections, which is not their kind', () => {
    const warnings = [{ ...warning, code: 'COLLECTION' }];
    const row = judge(LEAK, createRun([createFinding({ kind: 'collections' })], { warnings }));
    assert.equal(row.warned, true);
  });

  it('is the whole run when only the report tells', () => {
    const row = judge(LEAK, createRun([createFinding()]));
    assert.deepEqual([row.detectedMs, row.detectedTicks, row.warned], [15_000, 150, false]);
  });
});

describe('the sum', () => {
  const found = judge(LEAK, createRun([createFinding()]));
  const missed = judge(LEAK, createRun([]));
  const quiet = judge(HEALTHY, createRun([]));

  /**
   * @param {any} row
   * @param {number} count
   */
  const times = (row, count) => Array.from({ length: count }, () => row);

  it('is reached when every leak is found and nobody healthy is accused', () => {
    const summary = summarize([...times(found, 3), quiet]);
    assert.deepEqual(summary.shortfalls, []);
    assert.equal(summary.ok, true);
    assert.deepEqual(
      [summary.recall, summary.attribution, summary.kind, summary.findingsPerLeak],
      [1, 1, 1, 1],
    );
  });

  it('accepts each bound and refuses what is just below it', () => {
    const hundred = (/** @type {any} */ row, /** @type {number} */ bad) =>
      summarize([...times(found, 100 - bad), ...times(row, bad)]);
    const wrongSite = { ...found, attributed: false };
    const wrongKind = { ...found, rightKind: false };
    assert.equal(hundred(missed, 3).ok, true);
    assert.equal(hundred(missed, 4).ok, false);
    assert.equal(hundred(wrongSite, 3).ok, true);
    assert.equal(hundred(wrongSite, 4).ok, false);
    assert.equal(hundred(wrongKind, 10).ok, true);
    assert.equal(hundred(wrongKind, 11).ok, false);
    const twice = { ...found, leaks: 2 };
    assert.equal(hundred(twice, 30).ok, true);
    assert.equal(hundred(twice, 31).ok, false);
    assert.equal(BOUNDS.findingsPerLeak, 1.3);
  });

  it('fails for one healthy program that is accused, and names it', () => {
    const accused = judge(HEALTHY, createRun([createFinding()]));
    const summary = summarize([...times(found, 100), ...times(quiet, 100), accused]);
    assert.equal(summary.ok, false);
    assert.deepEqual(summary.accused, ['lru-churn']);
  });

  it('fails for one run that failed, healthy or not', () => {
    for (const label of [LEAK, HEALTHY]) {
      const failed = judge(label, createRun([], { failure: 'ended with 1' }));
      const summary = summarize([...times(found, 100), failed]);
      assert.equal(summary.ok, false);
      assert.deepEqual(summary.failed, [label.name]);
    }
  });

  it('counts a failed leak as not found', () => {
    const failed = judge(LEAK, createRun([createFinding()], { failure: 'ended with 1' }));
    assert.equal(summarize([found, failed]).recall, 0.5);
  });

  it('has attribution and kind of those that were found', () => {
    const summary = summarize([found, { ...found, attributed: false }, missed, missed]);
    assert.deepEqual([summary.recall, summary.attribution, summary.kind], [0.5, 0.5, 1]);
  });

  it('claims nothing about leaks where there is none', () => {
    const summary = summarize([quiet]);
    assert.deepEqual(
      [summary.recall, summary.attribution, summary.kind, summary.detection],
      [null, null, null, null],
    );
    assert.equal(summary.ok, true);
  });

  it('lists the classes in their order, the healthy last', () => {
    const timers = { ...found, class: 'timers' };
    const { classes } = summarize([quiet, timers, found, missed]);
    assert.deepEqual(Object.keys(classes), ['listeners', 'timers', 'healthy']);
    assert.deepEqual(CLASSES.slice(0, 2), ['listeners', 'timers']);
    assert.deepEqual(classes.listeners, {
      programs: 2,
      found: 1,
      attributed: 1,
      rightKind: 1,
      accused: 0,
    });
  });

  it('gives the median and the 95th percentile of the times', () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({
      ...found,
      detectedMs: (n + 1) * 100,
      detectedTicks: n + 1,
    }));
    assert.deepEqual(summarize(rows.reverse()).detection, {
      medianMs: 5_000,
      p95Ms: 9_500,
      medianTicks: 50,
      p95Ticks: 95,
    });
  });
});
