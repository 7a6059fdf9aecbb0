/**
 * How the API types, checked by tsc alone: what must compile, and, marked with `@ts-expect-error`,
 * what must not. Nothing here runs.
 */

import { createServer } from 'node:http';
import leakguard, {
  type Finding,
  type Frame,
  type Kind,
  LeakguardError,
  type Level,
  type Meters,
  metricFamilies,
  metrics,
  type Options,
  off,
  on,
  type Report,
  type ReportData,
  report,
  reset,
  type Site,
  type Subject,
  start,
  stop,
  subjects,
  type Verdict,
  type Watch,
  watch,
} from '../..';
import { register } from '../../opentelemetry.js';
import { handler } from '../../prometheus.js';

/** Compiles only where both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assertSame = <A, B>(_same: Same<A, B>): void => {};

// start
start();
start({});
start({ level: 'exact', interval: '250ms', patience: 30, sensitivity: 'high', warn: false });
start({ interval: 250, survivors: '30s', failOn: null, report: null, recorder: '0' });
start({ recorder: true, recorderSnapshot: true });
start({ survivors: { interval: '1m', bytes: 65_536 }, floors: { listeners: 4 } });
start({ ignore: ['express', /router/, (finding) => finding.kind === 'heap'] });
start({
  ignore: [{ package: 'pg', path: /pool/, kind: 'listeners', mark: 'adds' }, 'kind:timers'],
});
start({ baseline: 'leaks.json' });
leakguard.start({ level: 'off' });
// @ts-expect-error an unknown option
start({ intervall: '1s' });
// @ts-expect-error an unknown level
start({ level: 'all' });
// @ts-expect-error an unknown preset
start({ sensitivity: 'medium' });
// @ts-expect-error a text is no number of ticks
start({ patience: '30' });
// @ts-expect-error an unknown floor
start({ floors: { emitters: 4 } });
// @ts-expect-error a rule that returns no boolean
start({ ignore: [(finding: Finding) => finding.owner] });
// @ts-expect-error an unknown kind
start({ ignore: [{ kind: 'timer' }] });
// @ts-expect-error an unknown severity
start({ failOn: 'note' });
// @ts-expect-error no object
start('high');
assertSame<ReturnType<typeof start>, void>(true);
assertSame<Options['level'], Level>(true);
assertSame<Level, 'off' | 'counts' | 'sites' | 'survivors' | 'exact'>(true);

// allow
leakguard.allow('express', { kind: 'timers' }, (finding) => finding.count < 3);
// @ts-expect-error an unknown field
leakguard.allow({ line: 7 });

// check
assertSame<ReturnType<typeof leakguard.check>, Promise<Report>>(true);
leakguard.check(async () => {}, { warmup: 5, rounds: 4, loops: 2 });
// @ts-expect-error an unknown option
leakguard.check(() => {}, { calls: 2 });
// @ts-expect-error no function
leakguard.check(Promise.resolve());

// stop, reset
stop();
reset();
// @ts-expect-error takes nothing
stop(true);

// report
const current: Report = report();
assertSame<typeof current.verdict, Verdict>(true);
assertSame<typeof current.findings, Finding[]>(true);
assertSame<typeof current.leaks, Finding[]>(true);
assertSame<typeof current.suspects, Finding[]>(true);
assertSame<ReturnType<typeof current.toString>, string>(true);
assertSame<ReturnType<typeof current.toJSON>, ReportData>(true);
assertSame<typeof current.meters, Meters>(true);
assertSame<typeof current.schema, 1>(true);
assertSame<typeof current.explained, number | null>(true);
const restored: ReportData = JSON.parse(JSON.stringify(current));
assertSame<typeof restored.shims, Record<string, 'on' | 'off' | 'buried' | 'failed'>>(true);
// @ts-expect-error a getter
current.leaks = [];
// @ts-expect-error the JSON has no such list
restored.leaks;

// findings
const [finding] = current.findings;
assertSame<typeof finding.kind, Kind>(true);
assertSame<typeof finding.severity, 'leak' | 'suspect' | 'note'>(true);
assertSame<typeof finding.site, Site | null>(true);
assertSame<typeof finding.bytes, number | null>(true);
for (const { file, line, column, function: name, package: owner, app, share } of finding.sites) {
  const parts: [string, number, number, string, string | null, Frame | null, number] = [
    file,
    line,
    column,
    name,
    owner,
    app,
    share,
  ];
  void parts;
}
for (const [epochMs, value] of finding.history) assertSame<typeof epochMs, typeof value>(true);
// @ts-expect-error may be null
finding.site.file;
// @ts-expect-error an unknown kind
const unknownKind: Kind = 'sockets';
void unknownKind;

// watch
class Cache {
  size = 0;
}
const watched: Watch = watch('sessions', new Map());
watch('seen', new Set());
watch('queue', [1, 2, 3], { floor: 10 });
watch('table', { a: 1 });
watch('cache', new Cache());
watch('gauge', () => 5);
watched.stop();
watched[Symbol.dispose]();
{
  using scoped = watch('scoped', new Map());
  void scoped;
}
// @ts-expect-error no target
watch('sessions');
// @ts-expect-error a number cannot be followed
watch('sessions', 5);
// @ts-expect-error a text cannot be followed
watch('sessions', 'text');
// @ts-expect-error a name is a text
watch(5, new Map());
// @ts-expect-error an unknown option
watch('sessions', new Map(), { flor: 5 });

// on, off
const listener = (told: Finding): void => void told.message;
on('finding', listener);
off('finding', listener);
on('finding', (told) => assertSame<typeof told, Finding>(true));
// @ts-expect-error an unknown event
on('findings', listener);
// @ts-expect-error no listener
off('finding');
// @ts-expect-error a listener of something else
on('finding', (told: string) => void told);

// errors
try {
  start({ interval: 'soon' });
} catch (error) {
  if (error instanceof LeakguardError) {
    const isOption: boolean = error.code === 'ERR_LEAKGUARD_OPTION';
    void isOption;
    // @ts-expect-error no such code
    void (error.code === 'ERR_LEAKGUARD_OTHER');
    // @ts-expect-error cannot be changed
    error.code = 'ERR_LEAKGUARD_INPUT';
  }
}

// the default export is the module
assertSame<typeof leakguard.report, typeof report>(true);
assertSame<typeof leakguard.watch, typeof watch>(true);

// metrics
assertSame<string, ReturnType<typeof metrics>>(true);
assertSame<Subject[], ReturnType<typeof subjects>>(true);
metrics({ limit: 10, workers: true, release: '1.0.0' });
for (const { name, type, samples } of metricFamilies()) {
  assertSame<'gauge' | 'counter', typeof type>(true);
  for (const { attributes, value } of samples) console.log(name, attributes.kind, value * 2);
}
report({ workers: true }).verdict satisfies Verdict;
// @ts-expect-error: a report is of everything, or since a mark.
report({ workers: true, since: undefined });
// @ts-expect-error: a number.
subjects('5');
createServer(handler({ limit: 10 }));
register({ meterProvider: { getMeter: () => ({}) }, limit: 10 }).stop();
// @ts-expect-error: no provider.
register({ meterProvider: {} });
