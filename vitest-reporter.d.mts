/** `reporters: ['default', 'leakguard/vitest-reporter']`: what all files of a run have left behind, as one report. */
export default class LeakguardReporter {
  onTestRunEnd(testModules: readonly { meta(): object }[]): void;
}
