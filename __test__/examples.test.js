'use strict';

/** Every program in `examples/` runs, ends by itself, and gets the verdict that its comments promise. */

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, it } = require('node:test');
const { promisify } = require('node:util');

const ROOT = path.join(__dirname, '..');
const EXAMPLES = path.join(ROOT, 'examples');
const CONCURRENCY = 4;

/** What is found in the leaking program. Without a site it is the heap as a whole that grows. */
const FOUND = {
  listeners: { kind: 'listeners', what: 'EventEmitter' },
  timers: { kind: 'timers', what: 'interval' },
  caches: { kind: 'collections', what: 'Map' },
  closures: null,
  globals: null,
};

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-examples-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/**
 * @param {string} cause
 * @param {'leaking' | 'mended'} variant
 * @returns {Promise<{ file: string, stdout: string, report: import('..').ReportData }>}
 */
async function run(cause, variant) {
  const file = path.join(EXAMPLES, cause, `${variant}.js`);
  const reportFile = path.join(folder, `${cause}-${variant}.json`);
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    cwd: ROOT,
    env: { ...process.env, LEAKGUARD_REPORT: reportFile },
  });
  return { file, stdout, report: JSON.parse(fs.readFileSync(reportFile, 'utf8')) };
}

/**
 * @param {string} file
 * @returns {number} of the statement below the comment `leak: …`
 */
function leakingLine(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const comment = lines.findIndex((text) => text.trim().startsWith('// leak: '));
  assert.notEqual(comment, -1, `${file} has no comment 'leak: …'`);
  const below = lines.slice(comment).findIndex((text) => !text.trim().startsWith('//'));
  return comment + below + 1;
}

/** @param {import('..').ReportData} report */
function describeFindings({ findings }) {
  return findings.map(({ severity, title, site }) => `${severity}: ${title} ${site?.file ?? ''}`);
}

describe('examples', { concurrency: CONCURRENCY }, () => {
  it('are a leaking and a mended program for each cause', () => {
    const entries = fs.readdirSync(EXAMPLES, { withFileTypes: true });
    const causes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    assert.deepEqual(causes.sort(), Object.keys(FOUND).sort());
    for (const cause of causes) {
      assert.deepEqual(fs.readdirSync(path.join(EXAMPLES, cause)).sort(), [
        'leaking.js',
        'mended.js',
      ]);
    }
  });

  for (const [cause, found] of Object.entries(FOUND)) {
    it(`${cause}: the leaking program is found out`, async () => {
      const { file, stdout, report } = await run(cause, 'leaking');
      const findings = describeFindings(report);
      assert.match(stdout, new RegExp(`^leakguard: 1 ${report.verdict}\\b`, 'm'));
      if (found === null) {
        assert.ok(['suspect', 'leak'].includes(report.verdict), `${report.verdict} ${findings}`);
        return;
      }
      const leaks = report.findings.filter(({ severity }) => severity === 'leak');
      assert.deepEqual(
        leaks.map(({ kind, what, site }) => ({ kind, what, file: site?.file, line: site?.line })),
        [{ ...found, file, line: leakingLine(file) }],
        findings.join(),
      );
    });

    it(`${cause}: the mended program is clean`, async () => {
      const { stdout, report } = await run(cause, 'mended');
      assert.match(stdout, /^leakguard: /m);
      assert.equal(report.verdict, 'clean', describeFindings(report).join());
    });
  }

  it('check.js: the scenario is found out, and the mended one passes', async () => {
    const file = path.join(EXAMPLES, 'check.js');
    const failed = await promisify(execFile)(process.execPath, [file], { cwd: ROOT }).catch(
      (it) => it,
    );
    assert.equal(failed.code, 1);
    assert.match(failed.stdout, /^mended: no leak\nleaking: leakguard: 1 leak\b/);
    assert.ok(failed.stdout.includes(`by      ${file}:${leakingLine(file)}:`), failed.stdout);
  });
});
