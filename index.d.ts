/**
 * leakguard finds leaks inside the running process and names the line that causes them.
 *
 * ```js
 * require('leakguard'); // in the application's start-up; that is all
 * ```
 */

/** How much is watched; each level includes the ones before it. */
export type Level = 'off' | 'counts' | 'sites' | 'survivors' | 'exact';
/** Presets of the floors: `low` for large services, `high` for tests, CI and short runs. */
export type Sensitivity = 'low' | 'normal' | 'high';
export type Verdict = 'clean' | 'suspect' | 'leak' | 'inconclusive';
export type Severity = 'leak' | 'suspect' | 'note';
/** A number of milliseconds, or text such as `'250ms'`, `'1s'`, `'5m'`, `'1h'`. */
export type Duration = number | string;
export type Kind =
  | 'listeners'
  | 'timers'
  | 'collections'
  | 'globals'
  | 'objects'
  | 'promises'
  | 'handles'
  | 'heap'
  | 'retained';

/** Populations below their floor are never reported. */
export interface Floors {
  /** Listeners of one event on one emitter or target. */
  listeners: number;
  /** Live intervals made by one line. */
  intervals: number;
  /** Live timeouts, or immediates, made by one line. */
  timeouts: number;
  /** Entries of one Map or Set, or of whatever a global holds. */
  collections: number;
  /** Open handles (sockets, servers, files, child processes …) of one type, or made by one line. */
  handles: number;
  /**
   * New keys of `globalThis`; modules in `require.cache` that were loaded since the start from no file older
   * than the process.
   */
  globals: number;
  /** Pending promises made by one line. */
  promises: number;
  /** Size of one target of `watch()`. */
  watched: number;
  /** Growth in bytes of the heap after full collections, of external, array buffer and resident memory. */
  heapBytes: number;
  /** Live bytes that one function has allocated, at level `'survivors'`. */
  objectBytes: number;
}

/** What a finding must be like; all of the fields that are given must match. */
export interface RuleFields {
  /** Name of the npm package of the line that adds. */
  package?: string | RegExp;
  /** Part of the file of that line. */
  path?: string | RegExp;
  kind?: Kind | RegExp;
  signature?: string | RegExp;
  owner?: string | RegExp;
  /** Label of a mark, in test suites the test: all of the finding must be in the name of such marks. */
  mark?: string | RegExp;
}

/**
 * Of a finding: a text such as `package:pg` is that field; any other text equals the signature, the
 * package or the owner, or is part of the file. A pattern is matched against these. A function is asked.
 */
export type IgnoreRule = string | RegExp | ((finding: Finding) => boolean) | RuleFields;

export interface Options {
  /** Default `'sites'`. */
  level: Level;
  /** Time between two ticks, 10 ms to 1 h. Default `'1s'`. Everything else is counted in ticks. */
  interval: Duration;
  /** Ticks of history that a verdict needs, 10 to 100,000. Default 60, or 30 at sensitivity `'high'`. */
  patience: number;
  /** Default `'normal'`. */
  sensitivity: Sensitivity;
  /**
   * Heap sampling at level `'survivors'`: time between two rounds (`'60s'`), and mean bytes between two
   * samples to begin with (32,768; 65,536 at sensitivity `'low'`, 4,096 at `'high'`, 512 at level `'exact'`; fewer
   * where rounds are closer than a minute).
   */
  survivors: Duration | { interval?: Duration; bytes?: number };
  /**
   * Heap snapshots a day that confirmed leaks may take, to find who holds what grows; the finding has the way
   * as its evidence `held`. At levels `'survivors'` and `'exact'`. Each stops the process, some 20 to 50 ms
   * for each MB of the snapshot. 0 to 24, default 0. `LEAKGUARD_CAPTURES`
   */
  captures: number;
  /**
   * Whether pending promises are sampled, with the line that makes them. Default `false`, `true` at
   * level `'exact'`: where V8's promise hook was once on, `await` stays slower.
   */
  promises: boolean;
  /** Findings to leave out. A rule that has matched none is a note of the report. */
  ignore: IgnoreRule[];
  /**
   * A file that `leakguard run --update-baseline` has written. What it has is a note with the evidence
   * `baseline` as long as there is no more of it: exactly in the contract and scenario tiers, by half in
   * the trend tier. A file that cannot be read warns once, and nothing is known.
   */
  baseline: string | null;
  /** Single floors, over those of the sensitivity. */
  floors: Partial<Floors>;
  /** Whether leaks are told by `process.emitWarning`. Default `true`. */
  warn: boolean;
  /**
   * A file written at exit, `.json`, `.txt`, `.md`, `.html`, `.xml` (JUnit) or `.sarif`; `%p` stands for the
   * pid, `%t` for the thread. Where another process has written it since this one started, that report is kept
   * beside it.
   */
  report: string | null;
  /** Ends a process that would exit with 0 with 86 when there is such a finding. */
  failOn: 'leak' | 'suspect' | null;
  /**
   * Whether each process and thread is recorded, for when it is killed: `true` in a folder of ours in memory, or a file
   * with `%p` for the pid and `%t` for the thread. Default `false`, and `true` for what `leakguard run` starts.
   */
  recorder: boolean | string | null;
  /**
   * Whether one heap snapshot is written beside the recording when the heap comes near its limit, where memory and disk
   * have room for it. The process stands still meanwhile. Default `false`.
   */
  recorderSnapshot: boolean;
  /** The folder through which a dashboard asks this process; `leakguard run` makes one. */
  dashboard: string | null;
}

export interface Frame {
  /** Absolute path or `node:` name; of the original source where source maps are on. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Empty when anonymous. */
  function: string;
}

export interface Site extends Frame {
  /** Name of the npm package; `null` for the application's own code. */
  package: string | null;
  /** For a site in a package: the first frame of the application that led there. */
  app: Frame | null;
}

export interface Finding {
  /** Stable over processes and releases: kind, owner and package-relative functions, no lines. */
  signature: string;
  kind: Kind;
  /** `EventEmitter`, `AbortSignal`, `interval`, `Map`, `array` and so on. */
  what: string;
  severity: Severity;
  /** 0 to 1. */
  confidence: number;
  tier: 'contract' | 'scenario' | 'trend';
  owner: string;
  title: string;
  /** What the warning prints. */
  message: string;
  advice: string;
  /** Members now; bytes for kind `heap`. */
  count: number;
  peak: number;
  bytes: number | null;
  ratePerMinute: number;
  /** Time to the heap limit at the present rate. */
  etaMs: number | null;
  /** Epoch ms. */
  firstSeen: number;
  /** Epoch ms. */
  lastSeen: number;
  site: Site | null;
  /** The sites of the members that are still there, by share (0 to 1). */
  sites: (Site & { share: number })[];
  /** The marks, in test suites the tests, whose code registered it; at most 64, none in the trend tier. */
  marks: { label: string; count: number }[];
  /** What else grows with it. */
  victims: { kind: Kind; what: string; owner: string; count: number; bytes: number | null }[];
  evidence: { signal: string; detail: string }[];
  /** Epoch ms and size, at most 64 points. */
  history: [epochMs: number, value: number][];
}

export interface Meters {
  heapUsedBytes: number;
  /** After the last full collection; `null` before the first. */
  heapAfterGcBytes: number | null;
  heapLimitBytes: number;
  externalBytes: number;
  arrayBuffersBytes: number;
  rssBytes: number;
  /** What keeps the event loop busy, by type. */
  resources: Record<string, number>;
  /** Epoch ms and heap in use, at most 64 points. */
  history: [epochMs: number, heapUsedBytes: number][];
}

/** The JSON of a report; `leakguard/report.schema.json` describes it too. */
export interface ReportData {
  schema: 1;
  /** Version of leakguard. */
  leakguard: string;
  /** Version of Node.js. */
  node: string;
  pid: number;
  threadId: number;
  /** Epoch ms. */
  startedAt: number;
  /** Epoch ms. */
  at: number;
  ticks: number;
  intervalMs: number;
  level: Level;
  verdict: Verdict;
  findings: Finding[];
  meters: Meters;
  /** Share of the heap's growth that the findings account for, 0 to 1; `null` when not measured. */
  explained: number | null;
  ledger: { capacity: number; tracked: number; evicted: number; dropped: number; bytes: number };
  shims: Record<string, 'on' | 'off' | 'buried' | 'failed'>;
  /** Time spent in leakguard's own ticks and looks. */
  overhead: { cpuMs: number; lastTickMs: number; maxTickMs: number };
  /**
   * What is not watched as asked for, and why: a level that was lowered, a profiler that is not there.
   * And which rules of `ignore` have matched nothing, and which entries of a baseline were not found.
   */
  notes: string[];
  /**
   * Whose reports were merged into this one, the worst first; absent in the report of one thread. The
   * fields that can only be of one thread (`pid`, `ticks`, `level`, `meters` and so on) are the first's.
   */
  processes?: WatchedProcess[];
}

/** A thread of a process whose report went into a merged one. */
export interface WatchedProcess {
  pid: number;
  /** 0 is the main thread. */
  threadId: number;
  /** Epoch ms. */
  startedAt: number;
  /** Epoch ms. */
  at: number;
  ticks: number;
  level: Level;
  verdict: Verdict;
}

export interface Report extends ReportData {
  /** Findings of severity `leak`. */
  readonly leaks: Finding[];
  /** Findings of severity `suspect`. */
  readonly suspects: Finding[];
  /** The report as text for a terminal. */
  toString(): string;
  toJSON(): ReportData;
}

export interface Watch {
  /** Ends the watch. So does the collection of its target. */
  stop(): void;
  [Symbol.dispose](): void;
}

export class LeakguardError extends Error {
  readonly code:
    | 'ERR_LEAKGUARD_OPTION'
    | 'ERR_LEAKGUARD_TARGET'
    | 'ERR_LEAKGUARD_NATIVE'
    | 'ERR_LEAKGUARD_NODE'
    | 'ERR_LEAKGUARD_INPUT'
    | 'ERR_LEAKGUARD_LEVEL'
    | 'ERR_LEAKGUARD_OUTPUT'
    | 'ERR_LEAKGUARD_LEAK'
    | 'ERR_LEAKGUARD_RUNNER'
    | 'ERR_LEAKGUARD_BUSY'
    | 'ERR_LEAKGUARD_MEMORY';
}

/** A report with leaks as an exception; its message is the report's text. */
export class LeakError extends LeakguardError {
  constructor(report: Report);
  readonly report: Report;
}

/**
 * @throws {LeakError} when the report's verdict is `leak`
 * @example
 * leakguard.assertNoLeaks(await leakguard.settled({ since: mark }));
 */
export function assertNoLeaks(report: Report): void;

/**
 * Starts watching. Loading the package has done so already, with defaults and the environment; call
 * it to give options, which win over the environment. Without options a second call does nothing;
 * with options it starts anew.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`, naming the option, the value and what is accepted
 * @example
 * leakguard.start({ interval: '250ms', sensitivity: 'high' });
 */
export function start(options?: Partial<Options>): void;

/** Removes every hook and stops the ticks. What was found stays readable in `report()`. */
export function stop(): void;

/**
 * What is known now; with a mark, what was registered since then and is still there.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_NATIVE` when there is no binary for this platform: a check
 *   that cannot run must not pass
 * @example
 * assert.notEqual(leakguard.report().verdict, 'leak');
 */
export function report(options?: { since?: Mark; workers?: false }): Report;

/**
 * One report of this thread, of the other threads of its process, and of the processes that it has started, such as the
 * workers of `node:cluster`, as far as they are recorded (option `recorder`, in the folder of ours). It reads their
 * recordings, which are a tick old at most: of a worker that hangs, and of one that was killed or has failed, it has
 * what was known last. What has ended well is not in it.
 *
 * @throws {LeakguardError} as above
 * @example
 * if (cluster.isPrimary) console.log(`${leakguard.report({ workers: true })}`);
 */
export function report(options: { workers: boolean }): Report;

/** A population that is counted, whether it grows or not. */
export interface Subject {
  kind: Kind;
  what: string;
  owner: string;
  /** The line that adds most of it; `null` where no line dominates. */
  site: Site | null;
  /** Members, or bytes. */
  level: number;
  /** Whether `level` is bytes. */
  bytes: boolean;
  /** Growth in the same unit; 0 for one that does not grow. */
  ratePerMinute: number;
  /** `watching` has grown lately, `growing` is a suspect. */
  verdict: 'steady' | 'watching' | 'growing' | 'leak';
}

/**
 * What is counted: the worst first, of these the one that grows fastest, and of these the largest.
 *
 * @param limit 1 to 4,096; 50 by default
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`, `ERR_LEAKGUARD_NATIVE`
 * @example
 * for (const { owner, level } of leakguard.subjects(5)) console.log(owner, level);
 */
export function subjects(limit?: number): Subject[];

export interface MetricsOptions {
  /** Samples of one family, 1 to 1,000: the rest is summed in one whose attributes are `other`. Default 50. */
  limit?: number;
  /** Whether other threads and processes are in it, as in `report({ workers: true })`. Default `false`. */
  workers?: boolean;
  /** Version of the application, by which its releases are told apart. Default: `LEAKGUARD_RELEASE` or `npm_package_version`. */
  release?: string;
}

/** Keys as OpenTelemetry has them, such as `code.file.path`. */
export type MetricAttributes = Record<string, string | number>;

export interface MetricFamily {
  /** As OpenTelemetry has it, such as `leakguard.heap.used`. */
  name: string;
  /** In UCUM, such as `By`, `s`, `1`, `{member}/s`; empty for none. */
  unit: string;
  type: 'gauge' | 'counter';
  help: string;
  /** What samples of equal attributes, of several processes, come to. */
  combine: 'sum' | 'max' | 'min';
  /** No two have equal attributes. */
  samples: { attributes: MetricAttributes; value: number }[];
}

/**
 * Meters, findings and the populations that grow fastest in Prometheus's text format, version 0.0.4.
 * docs/metrics.md lists them; `leakguard/prometheus` serves them.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`, `ERR_LEAKGUARD_NATIVE`
 * @example
 * response.setHeader('content-type', 'text/plain; version=0.0.4').end(leakguard.metrics());
 */
export function metrics(options?: MetricsOptions): string;

/**
 * The same for programs that have a format of their own. Every family is there, some without a sample.
 *
 * @throws {LeakguardError} as `metrics`
 * @example
 * for (const { name, samples } of leakguard.metricFamilies()) statsd.send(name, samples);
 */
export function metricFamilies(options?: MetricsOptions): MetricFamily[];

/** A moment that a report can begin at, and an owner of what its code registers. */
export interface Mark {
  readonly label: string;
  /**
   * Runs a function, now, whose registrations are this mark's: its own, and those of whatever
   * asynchronous work it starts. Of tests that run at the same time each gets its own.
   */
  run<A extends unknown[], T>(fn: (...args: A) => T, ...args: A): T;
  /**
   * From now on this mark owns what the code of no mark's `run()` registers: for test runners that run
   * one test after the other, whose hooks are called from outside.
   */
  begin(): void;
  /** Ends what `begin()` has begun, unless another mark has begun since. */
  end(): void;
  /** What its code has registered is reported no more: of a test that failed, nobody asks what it left. */
  forget(): void;
}

/**
 * Sets a mark. From the first one on every registration is recorded with its line, at any level: a
 * listener, a timer, a handle, an entry of a Map or Set, an object that is expected gone.
 *
 * @param label under which findings name it, such as the name of a test
 * @param options `owned`: it is only about what the code of some mark registers, so that as long as all
 *   marks are such, what the rest of the process registers costs next to nothing
 * @throws {LeakguardError} `ERR_LEAKGUARD_LEVEL` where leakguard does not run, `ERR_LEAKGUARD_OPTION`
 * @example
 * const mark = leakguard.mark('adds to the cart');
 * await mark.run(test);
 * assert.equal((await leakguard.settled({ since: mark })).verdict, 'clean');
 */
export function mark(label?: string, options?: { owned?: boolean }): Mark;

/**
 * What was registered since a mark and is still there once all that was about to go has gone: waits up
 * to 0.43 s, in growing steps, while anything is left, and forces full collections. Registrations on
 * objects that are younger than the mark do not count; nor do those that only replace others.
 *
 * `report({ since })` gives the same at once. There a registration that is seen for the first time is a
 * suspect, and a leak 0.43 s later.
 *
 * @param options `keep`: the report at exit, of the option `report`, has its findings too
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION` for anything but a mark of the present run
 */
export function settled(options: { since: Mark; keep?: boolean }): Promise<Report>;

/**
 * Says that the test that calls it leaves something on purpose: what was registered in the name of the
 * present mark, and matches one of the rules, is a note with the evidence `allowed`. Other marks that
 * leave the same are not concerned. Where no mark is, as in a suite that is not watched, it does nothing.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`, naming the rule and what is accepted
 * @example
 * test('keeps a heartbeat', () => {
 *   leakguard.allow({ kind: 'timers', path: 'lib/heartbeat.js' });
 *   startHeartbeat();
 * });
 */
export function allow(...rules: IgnoreRule[]): void;

/** How often `check()` calls its function. */
export interface CheckOptions {
  /** Calls before it counts, in which caches fill and modules load; from 1 to 10,000. Default 5. */
  warmup?: number;
  /** Rounds, each of which has to grow for a leak; from 2 to 100. Default 4. */
  rounds?: number;
  /** Calls of a round, and what it has to grow by; from 1 to 10,000. Default 2. */
  loops?: number;
}

/**
 * Calls a function again and again, one call after the other, and accuses what grew by at least `loops`
 * in every round: listeners, timers, handles, entries, globals, and live objects by the function that
 * allocated them. What grew in most rounds only is a suspect. Full collections are forced between the
 * rounds, without `--expose-gc`, and what looks like a leak is waited for 0.43 s.
 *
 * Where leakguard does not run, as with `LEAKGUARD=0`, it does for the time of the check. One check runs
 * at a time in a thread. What the function throws or rejects with is the error of the check.
 *
 * @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`; `ERR_LEAKGUARD_BUSY` while another check runs, as
 *   within the function; `ERR_LEAKGUARD_LEVEL` when `start()` or `stop()` is called meanwhile;
 *   `ERR_LEAKGUARD_NATIVE` when there is no binary for this platform
 * @example
 * leakguard.assertNoLeaks(await leakguard.check(() => handle(request), { loops: 10 }));
 */
export function check(fn: () => unknown, options?: CheckOptions): Promise<Report>;

/** Forgets history and findings; hooks and watches stay. */
export function reset(): void;

/**
 * Follows the size of something by name. The target is held weakly, so a dropped target ends the
 * watch; a function is kept until `stop()`.
 *
 * @param target a Map, a Set, an array, a plain object, any object with a numeric `size` (lru-cache
 *   and the like), or a function that returns a number
 * @param options `floor`: size below which it is never reported
 * @throws {LeakguardError} `ERR_LEAKGUARD_TARGET`
 * @example
 * const watch = leakguard.watch('sessions', sessions);
 * watch.stop();
 */
export function watch(
  name: string,
  target: object | (() => number),
  options?: { floor?: number },
): Watch;

/**
 * Watches the Maps and Sets of another realm, such as a context of `node:vm`, which has its own. Test
 * environments do it for their files. The realm is held until the watch is stopped.
 *
 * @param realm its `globalThis`
 * @throws {LeakguardError} `ERR_LEAKGUARD_TARGET`
 * @example
 * const context = vm.createContext();
 * const watch = leakguard.watchRealm(vm.runInContext('globalThis', context));
 */
export function watchRealm(realm: object): Watch;

/** How much of an answer is shown. */
export interface HeapRows {
  /** Rows of each table, 1 to 1000; 20 by default. */
  limit?: number;
  /** Leaves out what strings hold, and keys that are no identifiers. */
  redact?: boolean;
}

/** One step of the way from a root to an object. */
export interface HeapStep {
  /** How it is called: `.cache`, `variable sessions`, `[7]`, `get("key")`; `{name}` is V8's own. */
  by: string;
  class: string;
  /** A function's name, a string's contents, an element's attributes; empty for what has none beside its class. */
  name: string;
  /** File, line and column of a function, from 1. */
  place: string | null;
  id: number;
  retainedBytes: number;
  /** Whether the way should have been cut here. */
  isSuspect: boolean;
}

/** The least number of references from the globals, as DevTools counts it; `null` for what only V8 itself holds. */
export type HeapDistance = number | null;

/** A single object and why it is still there. */
export interface HeapObject {
  /** The same in every snapshot of a process. */
  id: number;
  class: string;
  name: string;
  place: string | null;
  shallowBytes: number;
  retainedBytes: number;
  referenceCount: number;
  distance: HeapDistance;
  /** From a root; empty where nothing but weak references lead. */
  path: HeapStep[];
}

/** An object that holds others. */
export interface HeapContainer extends HeapObject {
  /** Members, as far as they are objects. */
  entries: number;
}

/** What is in a heap; sizes in bytes. `toString()` has it as tables. */
export interface HeapSummary {
  nodeCount: number;
  edgeCount: number;
  totalBytes: number;
  /** What nothing but weak references lead to. */
  unreachable: { count: number; shallowBytes: number };
  /** DOM nodes that are in no document, and what hangs on them. */
  detached: { count: number; shallowBytes: number };
  classCount: number;
  /** `distance`: that of the nearest member. */
  classes: {
    name: string;
    count: number;
    shallowBytes: number;
    retainedBytes: number;
    distance: HeapDistance;
  }[];
  objects: HeapObject[];
  containers: Record<
    'maps' | 'sets' | 'arrays' | 'listeners' | 'timers' | 'contexts' | 'globals',
    HeapContainer[]
  >;
  duplicateStrings: {
    count: number;
    wastedBytes: number;
    top: { text: string; count: number; wastedBytes: number }[];
  };
  /** Who allocated since a recording began; `null` for a snapshot that is none (`.heaptimeline` is one). */
  allocations: {
    functionCount: number;
    functions: {
      name: string;
      place: string | null;
      /** Of what is in the snapshot; `null` where that does not say who allocated it. */
      liveCount: number | null;
      liveBytes: number | null;
      allocatedCount: number;
      allocatedBytes: number;
    }[];
  } | null;
}

/** Objects, and classes, that retain a tenth of a heap or more, the lowest such ones; sizes in bytes. */
export interface HeapSuspects {
  totalBytes: number;
  suspectCount: number;
  suspects: (HeapObject & {
    /** Of the heap, 0 to 1. */
    share: number;
    held: { class: string; count: number; retainedBytes: number }[];
  })[];
  classSuspectCount: number;
  /** Classes whose members retain as much together while none does alone. */
  classSuspects: {
    class: string;
    /** Of members that no suspect retains. */
    count: number;
    retainedBytes: number;
    share: number;
    /** What more than half of that goes with; `null` when there is nothing but roots. */
    holder: HeapObject | null;
  }[];
}

/** Ways to objects; sizes in bytes. */
export interface HeapPaths {
  /** How many objects are meant. */
  count: number;
  targets: HeapObject[];
}

/** A group of objects in two snapshots, `[before, after]`; sizes in bytes. */
export interface HeapChange {
  name: string;
  counts: [number, number];
  shallowBytes: [number, number];
  retainedBytes: [number, number];
  newCount: number;
  freedCount: number;
}

/**
 * How large a snapshot is: all of it in `heap.diff()`; in `heap.growth()` what is reachable, where V8's tables count
 * with what they are the contents of.
 */
export interface HeapSize {
  nodeCount: number;
  totalBytes: number;
}

/** What changed between two snapshots. */
export interface HeapDiff {
  before: HeapSize;
  after: HeapSize;
  classCount: number;
  classes: HeapChange[];
  propertyCount: number;
  /** By the class of an owner, how it holds something, and what that is. */
  properties: HeapChange[];
}

/** What grew in every snapshot; sizes in bytes. */
export interface HeapGrowth {
  snapshots: HeapSize[];
  ownerCount: number;
  owners: {
    /** From a root to the owner, such as `variable sessions Map`. */
    path: string[];
    /** What it has more of each time. */
    members: { class: string; counts: number[]; bytes: number[] }[];
    bytes: number[];
    /** Of the growth of the heap, 0 to 1. */
    share: number;
  }[];
}

/** A heap snapshot in memory, outside of V8's heap. */
export interface HeapSnapshot {
  readonly nodeCount: number;
  /** @throws {LeakguardError} `ERR_LEAKGUARD_OPTION`, as all questions do */
  summary(options?: HeapRows): Promise<HeapSummary>;
  suspects(options?: HeapRows): Promise<HeapSuspects>;
  /**
   * Why objects are still there: those that retain most of what is meant.
   * @throws {LeakguardError} `ERR_LEAKGUARD_INPUT` when there is no such object
   */
  path(
    target: { id: number } | { class: string } | { name: string },
    options?: HeapRows,
  ): Promise<HeapPaths>;
}

/** The heap: what the sampler of the levels `'survivors'` and `'exact'` knows, and snapshots. */
export const heap: {
  /**
   * The heap of this process, with nothing on disk. V8 stops the process while it lists the heap: some
   * 20 ms for each MiB of the snapshot.
   *
   * @param options `file`: written as well, packed where it ends in `.gz` or `.zst`; `force`: also when there
   *   may not be the memory for it, about three times the heap in use
   * @throws {LeakguardError} `ERR_LEAKGUARD_MEMORY`, `ERR_LEAKGUARD_OPTION`, `ERR_LEAKGUARD_OUTPUT`
   * @example
   * const snapshot = await leakguard.heap.capture();
   * console.log(`${await snapshot.suspects()}`);
   */
  capture(options?: { file?: string; force?: boolean }): Promise<HeapSnapshot>;

  /**
   * A snapshot of Node.js, Chrome or Deno from a file, plain or packed (gzip, zstd), or from a stream.
   *
   * @throws {LeakguardError} `ERR_LEAKGUARD_INPUT` with the byte where it is no snapshot
   * @example
   * const snapshot = await leakguard.heap.analyze('app.heapsnapshot');
   * console.log(`${await snapshot.path({ class: 'Session' }, { limit: 1 })}`);
   */
  analyze(source: string | AsyncIterable<Uint8Array>): Promise<HeapSnapshot>;

  /**
   * What changed between two snapshots, the earlier first.
   *
   * @throws {LeakguardError} as `analyze`
   * @example
   * console.log(`${await leakguard.heap.diff('before.heapsnapshot', 'after.heapsnapshot')}`);
   */
  diff(
    before: HeapSnapshot | string,
    after: HeapSnapshot | string,
    options?: HeapRows,
  ): Promise<HeapDiff>;

  /**
   * Who owns more in every snapshot than in the one before: of snapshots in their order, or of this process
   * while a function is called `loops` times (10) before each capture, the first and `rounds` (2) more.
   *
   * @param options `atLeast`: things by which an owner must grow each time; `loops` for a function, and for
   *   snapshots more than a population of its size goes up and down: twice the root of the count
   * @throws {LeakguardError} as `capture` and `analyze`
   * @example
   * console.log(`${await leakguard.heap.growth(() => handle(request))}`);
   */
  growth(
    source: (HeapSnapshot | string)[] | (() => unknown),
    options?: HeapRows & { atLeast?: number; loops?: number; rounds?: number },
  ): Promise<HeapGrowth>;

  /**
   * Writes V8's sampling heap profile of what lives now, as Chrome DevTools opens it (Memory, Load
   * profile). Forces a full collection.
   *
   * @param file ending in `.heapprofile`
   * @param options `suspects`: only what the sites of present findings have allocated
   * @throws {LeakguardError} `ERR_LEAKGUARD_LEVEL` where nothing is sampled, `ERR_LEAKGUARD_OPTION`,
   *   `ERR_LEAKGUARD_OUTPUT` when the file cannot be written
   * @example
   * leakguard.heap.profile('live.heapprofile');
   * leakguard.heap.profile('suspects.heapprofile', { suspects: true });
   */
  profile(file: string, options?: { suspects?: boolean }): void;
};

/**
 * Says that an object should soon be garbage. One that is still reachable five ticks and three full
 * collections later is a leak, told at once; no collection is forced. The object is held weakly. At
 * most 4,096 are followed at a time, until the next `start()`.
 *
 * @param label under which it is reported, cut at 96 characters
 * @throws {LeakguardError} `ERR_LEAKGUARD_TARGET` for a primitive or an empty label
 * @example
 * socket.destroy();
 * leakguard.expectCollected(session, 'session of a closed socket');
 */
export function expectCollected(object: object, label: string): void;

/** Calls `listener` for every finding that is new, worse, or has grown by half. */
export function on(event: 'finding', listener: (finding: Finding) => void): void;
/** Takes a listener away again. */
export function off(event: 'finding', listener: (finding: Finding) => void): void;
