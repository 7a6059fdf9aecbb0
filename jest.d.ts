/** `testEnvironment: 'leakguard/jest'`: the environment of jest's own, in which a test fails that leaves something behind. */
declare const LeakguardEnvironment: (new (
  config: object,
  context: object,
) => object) & {
  /** Adds the check to another environment, such as that of jsdom. */
  withLeakguard<Environment extends new (...args: never) => object>(
    Environment: Environment,
  ): Environment;
};
export = LeakguardEnvironment;
