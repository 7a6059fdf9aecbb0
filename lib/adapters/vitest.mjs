/**
 * `setupFiles: ['leakguard/vitest']`: a file of tests fails when one of its tests leaves something
 * behind. What it found goes along with the file's result, where `leakguard/vitest-reporter` picks it up.
 *
 * `aroundEach` wraps the test with its hooks, so whatever runs at the same time is told apart.
 */

import * as vitest from 'vitest';
import { assertNoLeaks, LeakguardError } from '../../index.js';
import { Suite } from './suite.js';

const { afterAll, aroundAll, aroundEach } = vitest;

if (typeof aroundEach !== 'function') {
  throw new LeakguardError(
    'ERR_LEAKGUARD_RUNNER',
    'leakguard/vitest needs aroundEach(), which Vitest has from version 4.1 on: update vitest',
  );
}

const suite = new Suite();

/**
 * @param {any} task  a test, or what tests are in
 * @returns {string} with the names of all that it is in
 */
function labelOf(task) {
  const names = [];
  for (let at = task; at && at !== at.file; at = at.suite) names.unshift(at.name);
  return names.join(' > ');
}

/**
 * @param {() => Promise<void>} run
 * @param {object} task
 * @param {() => string} label
 */
async function owned(run, task, label) {
  const errors = () => /** @type {any} */ (task).result?.errors?.length ?? 0;
  if (/** @type {any} */ (task).result?.retryCount > 0) suite.retry(task);
  const before = errors();
  const mark = suite.markOf(task, label);
  await (mark === null ? run() : mark.run(run));
  if (errors() > before) mark?.forget();
}

aroundEach((runTest, { task }) => owned(runTest, task, () => labelOf(task)));
// Vitest reads which fixtures a hook wants from this pattern: none.
// biome-ignore lint/correctness/noEmptyPattern: see above
aroundAll((runSuite, {}, file) => owned(runSuite, file, () => 'hooks of the file'));

// Hooks that tear down are run in reverse, so what the file's own hooks close is closed by now.
// biome-ignore lint/correctness/noEmptyPattern: see above
afterAll(async ({}, file) => {
  const report = await suite.finish();
  if (report === null) return;
  Object.assign(file.meta, { leakguard: report.toJSON() });
  assertNoLeaks(report);
});
