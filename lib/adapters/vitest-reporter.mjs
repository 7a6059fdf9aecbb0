/**
 * `reporters: ['default', 'leakguard/vitest-reporter']`: what all files of a run have left behind, as one
 * report at the end, and, where `LEAKGUARD_REPORT` names a file, in it. The workers that run the files
 * are ended from outside and write none.
 */

import formats from '../formats.js';
import native from '../native.js';
import reportFile from '../report-file.js';

export default class LeakguardReporter {
  #startedAt = Date.now();

  /** @param {readonly { meta(): any }[]} testModules */
  onTestRunEnd(testModules) {
    const reports = testModules.flatMap((testModule) => testModule.meta().leakguard ?? []);
    if (reports.length === 0) return;
    const texts = reports.map((report) => JSON.stringify(report));
    const merged = native.loadNative().mergeReports(texts);
    process.stderr.write(`\n${formats.render(merged, 'text')}`);
    const { LEAKGUARD_REPORT: file = '' } = process.env;
    if (file !== '') new reportFile.ReportFile(file, this.#startedAt).write(JSON.parse(merged));
  }
}
