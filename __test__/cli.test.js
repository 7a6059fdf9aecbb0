'use strict';

/** The command line: what each command prints, where, and with which exit code it ends. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { version } = require('../package.json');
const { linesOf, program, runCli, runNode, temporaryFolder, REGISTER, ROOT } = require('./child');
const { lineOf } = require('./ticks');
const { assertValidReport } = require('./report-schema');

const NODE = process.execPath;
const QUICK = ['--interval', '10ms', '--patience', '10', '--sensitivity', 'high'];
const LEAKING = program('leaks-listeners.js');

/**
 * @param {string[]} args
 * @param {import('./child').ChildOptions} [options]
 */
const run = (args, options) => runCli(['run', ...args], options);

/**
 * A report file of a leaking program.
 * @param {import('node:test').TestContext} t
 */
async function makeReport(t) {
  const file = path.join(temporaryFolder(t), 'report.json');
  await run([...QUICK, '--report', file, '--', NODE, LEAKING]);
  return file;
}

test('run passes on the exit code and the output of its command', async () => {
  for (const code of [0, 1, 3, 255]) {
    const ended = await run(['--', NODE, '-e', `console.log('out'); process.exit(${code})`]);
    assert.equal(ended.code, code);
    assert.equal(ended.stdout, 'out\n');
  }
});

test('run passes on the arguments of its command as they are', async () => {
  const { stdout } = await run([
    '--',
    NODE,
    '-p',
    'JSON.stringify(process.argv.slice(1))',
    '--',
    '--json',
    'a b',
    '"c"',
    '$d',
    '--help',
  ]);
  assert.deepEqual(JSON.parse(stdout), ['--json', 'a b', '"c"', '$d', '--help']);
});

test('run ends with 128 and the number of the signal that ended its command', async () => {
  const { code } = await run(['--', NODE, '-e', "process.kill(process.pid, 'SIGKILL')"]);
  assert.equal(code, 128 + 9);
});

test('run forwards SIGTERM and ends as its command does', async () => {
  const { code } = await run(['--', NODE, program('waits-for-signal.js')], {
    meanwhile(child) {
      child.stdout?.once('data', () => child.kill('SIGTERM'));
    },
  });
  assert.equal(code, 7);
});

test('run forwards SIGINT and ends as its command does', async () => {
  const { code } = await run(['--', NODE, program('waits-for-signal.js')], {
    meanwhile(child) {
      child.stdout?.once('data', () => child.kill('SIGINT'));
    },
  });
  assert.equal(code, 128 + 2);
});

test('run forwards SIGUSR2, by which some restart, and is there to the end of its command', async () => {
  const code =
    "process.on('SIGUSR2', () => process.exit(9)); setInterval(() => {}, 1000); console.log(1)";
  const ended = await run(['--', NODE, '-e', code], {
    meanwhile(child) {
      child.stdout?.once('data', () => child.kill('SIGUSR2'));
    },
  });
  assert.equal(ended.code, 9);
});

test('a process that outlives the command is judged by what it has recorded', async (t) => {
  const file = path.join(temporaryFolder(t), 'pid');
  const late = `
    require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid));
    const bus = new (require('events').EventEmitter)().setMaxListeners(0);
    setInterval(() => bus.on('x', () => {}), 5);`;
  const starts = `
    const options = { stdio: 'ignore', detached: true };
    require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(late)}], options).unref();
    setTimeout(() => {}, 6000);`;
  const { code, stderr } = await run([...QUICK, '--fail-on', 'leak', '--', NODE, '-e', starts]);
  process.kill(Number(fs.readFileSync(file, 'utf8')), 'SIGKILL');
  assert.equal(code, 86, stderr);
  assert.match(stderr, /the process still runs/);
});

test('a recorder that is named by a relative path is where the command was typed', async (t) => {
  const cwd = temporaryFolder(t);
  for (const folder of ['recordings', 'below']) fs.mkdirSync(path.join(cwd, folder));
  const code =
    "process.chdir('below'); require('child_process').execFileSync(process.execPath, ['-e', 'setTimeout(() => {}, 200)'])";
  const recorder = ['--recorder', 'recordings/%p-%t.leakguard', '--interval', '10ms'];
  const { stderr } = await run([...recorder, '--', NODE, '-e', code], { cwd });
  assert.doesNotMatch(stderr, /nothing is recorded/);
  assert.equal(fs.readdirSync(path.join(cwd, 'recordings')).length, 1);
});

test('a reader that has had enough is no error', async (t) => {
  const report = await makeReport(t);
  const bin = path.join(ROOT, 'bin/leakguard.js');
  const many = JSON.stringify(Array.from({ length: 400 }, () => report)).slice(1, -1);
  const code = `
    const options = { stdio: ['ignore', 'pipe', 'inherit'] };
    const args = [${JSON.stringify(bin)}, 'report', '--json', ${many}];
    const child = require('child_process').spawn(process.execPath, args, options);
    child.stdout.destroy();
    child.on('exit', (code) => console.log('code', code));`;
  const { stdout, stderr } = await runNode(['-e', code]);
  assert.deepEqual([stdout, stderr], ['code 0\n', '']);
});

test('run says in one line that nothing was found', async () => {
  const { code, stdout, stderr } = await run([
    '--interval',
    '10ms',
    '--patience',
    '10',
    '--',
    NODE,
    '-e',
    'setTimeout(console.log, 400, "done")',
  ]);
  assert.deepEqual([code, stdout], [0, 'done\n']);
  assert.deepEqual(linesOf(stderr), ['leakguard: 1 process or thread watched, no leak found']);
});

test('run says in one line that a program was too short to judge', async () => {
  const { code, stderr } = await run(['--', NODE, program('healthy.js')]);
  assert.equal(code, 0);
  assert.match(stderr, /^leakguard: 1 process or thread watched, too short to judge: .*\n$/);
});

test('run says so when no Node.js process ran', async () => {
  const { code, stdout, stderr } = await run(['--', 'echo', 'hello']);
  assert.deepEqual([code, stdout], [0, 'hello\n']);
  assert.match(stderr, /^leakguard: no Node\.js process .*\n$/);
});

test('run prints the report of a leaking program with its line', async () => {
  const { code, stdout, stderr } = await run([...QUICK, '--', NODE, LEAKING]);
  assert.deepEqual([code, stdout], [0, 'leak found\n']);
  assert.ok(stderr.includes(`${LEAKING}:${lineOf(LEAKING, 'leak: listeners')}`));
  assert.match(/** @type {string} */ (linesOf(stderr).at(-1)), /verdict leak in 1$/);
});

test('run --fail-on ends with 86 at such a finding, and only where the command ended well', async () => {
  for (const severity of ['leak', 'suspect']) {
    const { code } = await run([...QUICK, '--fail-on', severity, '--', NODE, LEAKING]);
    assert.equal(code, 86);
  }
  const healthy = await run([...QUICK, '--fail-on', 'suspect', '--', NODE, program('healthy.js')]);
  assert.equal(healthy.code, 0);
  const source = `process.exitCode = 9; require(${JSON.stringify(LEAKING)})`;
  const failing = await run([...QUICK, '--fail-on', 'leak', '--', NODE, '-e', source]);
  assert.equal(failing.code, 9);
});

test('run watches workers and children too', async () => {
  const { code, stdout, stderr } = await run(['--', NODE, program('workers-and-children.js')]);
  assert.deepEqual([code, stdout], [0, 'done\ndone\n']);
  assert.match(stderr, /^leakguard: 3 processes and threads watched/);
});

test('run keeps the NODE_OPTIONS that are there', async () => {
  const { stdout } = await run(['--', NODE, '-p', 'process.env.NODE_OPTIONS'], {
    env: { NODE_OPTIONS: '--max-old-space-size=300' },
  });
  assert.match(stdout, /--require .*register\.js.* --max-old-space-size=300\n$/);
});

for (const [extension, pattern] of /** @type {const} */ ([
  ['json', /"schema":\s*1/],
  ['txt', /^leakguard: 1 leak/],
  ['md', /leakguard/],
  ['html', /^<!doctype html>/],
  ['xml', /^<\?xml [\s\S]*<failure type="leak"/],
  ['sarif', /"version": "2\.1\.0"/],
])) {
  test(`run --report writes a .${extension} file`, async (t) => {
    const file = path.join(temporaryFolder(t), `report.${extension}`);
    await run([...QUICK, '--report', file, '--', NODE, LEAKING]);
    const text = fs.readFileSync(file, 'utf8');
    assert.match(text, pattern);
    assert.ok(text.includes('leaks-listeners.js'));
    if (extension === 'json') assertValidReport(JSON.parse(text));
  });
}

test('run --report with %p and %t writes a file for each process and thread', async (t) => {
  const folder = temporaryFolder(t);
  const pattern = path.join(folder, 'of-%p-%t.json');
  await run(['--report', pattern, '--', NODE, program('workers-and-children.js')]);
  const names = fs.readdirSync(folder);
  assert.equal(names.length, 3);
  for (const name of names) {
    const report = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
    assertValidReport(report);
    assert.equal(name, `of-${report.pid}-${report.threadId}.json`);
  }
});

/** A program that runs a healthy one and, when that has ended, a leaking one. */
const HEALTHY_THEN_LEAKING = `const { fork } = require('node:child_process');
  fork(${JSON.stringify(program('healthy.js'))}).on('exit', () => fork(${JSON.stringify(LEAKING)}));`;

test('run --report without placeholders writes one report of all processes', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'report.json');
  const args = [...QUICK, '--report', file, '--', NODE, '-e', HEALTHY_THEN_LEAKING];
  const { stderr } = await run(args, { env: { LEAKGUARD_WARN: '0' } });
  assert.deepEqual(fs.readdirSync(folder), ['report.json']);
  const report = JSON.parse(fs.readFileSync(file, 'utf8'));
  assertValidReport(report);
  assert.equal(report.verdict, 'leak');
  assert.equal(report.processes.length, 3);
  assert.equal(report.processes[0].pid, report.pid);
  const headlines = linesOf(stderr).filter((line) => line.startsWith('leakguard: 1 leak'));
  assert.equal(headlines.length, 1, stderr);
  assert.match(headlines[0], /3 processes and threads, the worst: /);
});

test('one cause in several processes is one finding that counts them all', async (t) => {
  const file = path.join(temporaryFolder(t), 'report.json');
  const source = `const { fork } = require('node:child_process');
    fork(${JSON.stringify(LEAKING)}); fork(${JSON.stringify(LEAKING)});`;
  const { code, stderr } = await run([
    ...QUICK,
    ...['--fail-on', 'leak', '--report', file, '--', NODE, '-e', source],
  ]);
  assert.equal(code, 86);
  const { findings } = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.equal(findings.length, 1);
  assert.ok(stderr.includes(findings[0].title));
  assert.match(/** @type {string} */ (linesOf(stderr).at(-1)), /3 processes .* leak in 2$/);
});

test('two runs that write one report file keep both reports', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'report.json');
  const other = path.join(folder, 'other.json');
  await run(['--report', other, '--', NODE, program('healthy.js')]);
  const copy = `require('node:fs').copyFileSync(${JSON.stringify(other)}, ${JSON.stringify(file)})`;
  const { code, stderr } = await run(['--report', file, '--', NODE, '-e', copy]);
  assert.equal(code, 70);
  const [aside] = fs.readdirSync(folder).filter((name) => name.includes('before'));
  assert.ok(stderr.includes(aside), stderr);
  const pidOf = (/** @type {string} */ name) =>
    JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')).pid;
  assert.equal(pidOf(aside), pidOf('other.json'));
  assert.notEqual(pidOf('report.json'), pidOf('other.json'));
});

test('a report file of a former run is replaced', async (t) => {
  const folder = temporaryFolder(t);
  const file = path.join(folder, 'report.json');
  fs.writeFileSync(file, 'of yesterday');
  fs.utimesSync(file, 1, 1);
  const { code } = await run(['--report', file, '--', NODE, program('healthy.js')]);
  assert.equal(code, 0);
  assert.deepEqual(fs.readdirSync(folder), ['report.json']);
  assertValidReport(JSON.parse(fs.readFileSync(file, 'utf8')));
});

/** A program that spoils the folder of reports, and then ends with that code. */
const spoils = (/** @type {number} */ code) => `
  const folder = require('node:path').dirname(process.env.LEAKGUARD_REPORT);
  require('node:fs').writeFileSync(folder + '/1-0.json', '{"schema":1,');
  process.exitCode = ${code};`;

test('a report that cannot be read is named, loses no other, and ends with 70 unless there is a worse code', async (t) => {
  const file = path.join(temporaryFolder(t), 'report.json');
  for (const [code, expected] of [
    [0, 70],
    [3, 3],
  ]) {
    const ended = await run(['--report', file, '--', NODE, '-e', spoils(code)]);
    assert.equal(ended.code, expected, ended.stderr);
    assert.match(ended.stderr, /^leakguard: 1 process or thread watched/m);
    assert.match(ended.stderr, /^leakguard: the report .*1-0\.json: .* line 1 column 12/m);
    assert.equal(JSON.parse(fs.readFileSync(file, 'utf8')).processes.length, 1);
  }
  const source = `${spoils(0)} require(${JSON.stringify(LEAKING)})`;
  const guilty = await run([...QUICK, '--fail-on', 'leak', '--', NODE, '-e', source]);
  assert.equal(guilty.code, 86);
});

test('a report file that cannot be written at the end is said, and is no reason to hide the command', async (t) => {
  const folder = temporaryFolder(t);
  const gone = path.join(folder, 'gone');
  fs.mkdirSync(gone);
  const source = (/** @type {number} */ code) =>
    `require('node:fs').rmSync(${JSON.stringify(gone)}, { recursive: true, force: true });
     process.exitCode = ${code};`;
  const report = ['--report', path.join(gone, 'report.json')];
  const failed = await run([...report, '--', NODE, '-e', source(4)]);
  assert.equal(failed.code, 4);
  assert.match(failed.stderr, /report\.json cannot be written: .*ENOENT/);
  fs.mkdirSync(gone);
  assert.equal((await run([...report, '--', NODE, '-e', source(0)])).code, 70);
});

test('a child that was killed leaves no report, and the others are merged', async () => {
  const source = `const { spawn } = require('node:child_process');
    spawn(process.execPath, ['-e', "process.kill(process.pid, 'SIGKILL')"]);`;
  const { code, stderr } = await run(['--', NODE, '-e', source]);
  assert.equal(code, 0);
  assert.match(stderr, /^leakguard: 1 process or thread watched/);
});

test('run --json prints the merged report as JSON, the output of the command left alone', async () => {
  const { stdout, stderr } = await run(['--json', '--', NODE, program('workers-and-children.js')], {
    env: { LEAKGUARD_WARN: '0' },
  });
  assert.equal(stdout, 'done\ndone\n');
  const report = JSON.parse(stderr);
  assertValidReport(report);
  assert.equal(report.processes.length, 3);
  const nothing = await run(['--json', '--', 'true']);
  assert.equal(JSON.parse(nothing.stderr), null);
});

test('run leaves no file of its own behind', async (t) => {
  const folder = temporaryFolder(t);
  await run(['--', NODE, program('healthy.js')], { env: { TMPDIR: folder } });
  assert.deepEqual(fs.readdirSync(folder), []);
});

/** @type {[label: string, args: string[], said: RegExp][]} */
const USAGE_ERRORS = [
  ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
  [
    'a rule with a comma in it',
    ['report', 'x.json', '--ignore', 'path:src/a,b.js'],
    /It has a comma, at which a rule ends/,
  ],
  ['an unknown option', ['--frobnicate'], /unknown option '--frobnicate'/],
  ['an unknown option of run', ['run', '--frobnicate', '--', 'echo'], /--frobnicate/],
  ['run without a command', ['run'], /command/],
  ['report without a file', ['report'], /file/],
  [
    'report with an unknown format',
    ['report', 'a.json', '--format', 'pdf'],
    /pdf.*text, json, md, html, junit, sarif, github/,
  ],
  ['a bad level', ['run', '--level', 'all', '--', 'echo'], /all.*counts, sites, survivors, exact/],
  ['a bad interval', ['run', '--interval', 'soon', '--', 'echo'], /soon.*10ms to 1h/],
  ['a negative interval', ['run', '--interval=-1s', '--', 'echo'], /-1s.*10ms to 1h/],
  ['an absurd interval', ['run', '--interval', '99h', '--', 'echo'], /99h.*10ms to 1h/],
  ['a bad patience', ['run', '--patience', '9', '--', 'echo'], /9.*10 to 100000/],
  ['a bad sensitivity', ['run', '--sensitivity', 'max', '--', 'echo'], /max.*low, normal, high/],
  ['a bad time between rounds', ['run', '--survivors', 'x', '--', 'echo'], /x.*10ms to 1h/],
  [
    'a bad report file',
    ['run', '--report', 'a.pdf', '--', 'echo'],
    /a\.pdf.*\.json, \.txt, \.md, \.html, \.htm, \.xml, \.sarif/,
  ],
  [
    'a report file in a folder that is not there',
    ['run', '--report', 'no/such/a.json', '--', 'echo'],
    /no\/such\/a\.json.*folder that exists/,
  ],
  ['a bad severity', ['run', '--fail-on', 'note', '--', 'echo'], /note.*leak, suspect/],
  ['a bad rule', ['run', '--ignore', 'kind:timer', '--', 'echo'], /"timer".*listeners, timers/],
  ['a bad rule for report', ['report', 'a.json', '--ignore', 'path:'], /path "".*non-empty text/],
  [
    'an update of no baseline',
    ['report', 'a.json', '--update-baseline'],
    /--update-baseline needs --baseline <file>/,
  ],
  ['an option without its value', ['run', '--level'], /--level/],
];
for (const [label, args, said] of USAGE_ERRORS) {
  test(`${label} is a usage error in one line that says what to do`, async () => {
    const { code, stdout, stderr } = await runCli(args);
    assert.equal(code, 64);
    assert.equal(stdout, '');
    assert.equal(linesOf(stderr).length, 1, stderr);
    assert.match(stderr, /^leakguard: /);
    assert.match(stderr, said);
  });
}

test('with --json a usage error is JSON', async () => {
  for (const args of [
    ['frobnicate', '--json'],
    ['run', '--json', '--level', 'all', '--', 'echo'],
    ['report', '--json'],
  ]) {
    const { code, stdout, stderr } = await runCli(args);
    assert.deepEqual([code, stdout], [64, '']);
    assert.equal(linesOf(stderr).length, 1, stderr);
    const { error } = JSON.parse(stderr);
    assert.equal(error.exitCode, 64);
    assert.equal(typeof error.message, 'string');
  }
});

test('--json behind -- is none of ours', async () => {
  const { code, stderr } = await run(['--level', 'all', '--', 'echo', '--json']);
  assert.equal(code, 64);
  assert.match(stderr, /^leakguard: /);
});

test('a command that cannot be run is bad input', async () => {
  const { code, stdout, stderr } = await run(['--', 'no-such-command-anywhere']);
  assert.deepEqual([code, stdout], [65, '']);
  assert.match(stderr, /^leakguard: no-such-command-anywhere cannot be run \(ENOENT\).*\n$/);
  const nothing = await run(['--', '']);
  assert.equal(nothing.code, 65);
  assert.match(nothing.stderr, /^leakguard: '' cannot be run \(\w+\).*\n$/);
});

test('report prints a file as text, JSON and Markdown', async (t) => {
  const file = await makeReport(t);
  const { signature, title } = JSON.parse(fs.readFileSync(file, 'utf8')).findings[0];
  const text = await runCli(['report', file]);
  assert.deepEqual([text.code, text.stderr], [0, '']);
  assert.match(text.stdout, /^leakguard: 1 leak/);
  assert.ok(text.stdout.includes(title) && text.stdout.includes(signature));
  assert.deepEqual((await runCli(['report', file, '--format', 'text'])).stdout, text.stdout);
  const markdown = await runCli(['report', file, '--format', 'md']);
  assert.equal(markdown.code, 0);
  assert.match(markdown.stdout, /^#|\*\*|\|/m);
  for (const form of [['--format', 'json'], ['--json']]) {
    const json = await runCli(['report', file, ...form]);
    assert.equal(json.code, 0);
    assert.deepEqual(JSON.parse(json.stdout), JSON.parse(fs.readFileSync(file, 'utf8')));
  }
});

test('report prints several files as one report in any form', async (t) => {
  const file = await makeReport(t);
  const { findings } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const json = await runCli(['report', file, file, '--json']);
  const merged = JSON.parse(json.stdout);
  assertValidReport(merged);
  assert.equal(merged.findings[0].count, 2 * findings[0].count);
  for (const [format, beginning] of /** @type {const} */ ([
    ['text', 'leakguard: 1 leak (2 processes and threads'],
    ['md', '### leakguard: leak'],
    ['junit', '<?xml'],
    ['sarif', '{\n  "version": "2.1.0"'],
    ['github', 'leakguard: 1 leak (2 processes'],
  ])) {
    const { code, stdout, stderr } = await runCli(['report', file, file, '--format', format]);
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout.startsWith(beginning), stdout);
    assert.ok(stdout.includes(merged.findings[0].signature) || format === 'github');
  }
});

test('of several files the one that is no report is named', async (t) => {
  const good = await makeReport(t);
  const bad = path.join(temporaryFolder(t), 'bad.json');
  fs.writeFileSync(bad, '{');
  const { code, stdout, stderr } = await runCli(['report', good, bad]);
  assert.deepEqual([code, stdout], [65, '']);
  assert.equal(linesOf(stderr).length, 1);
  assert.ok(stderr.startsWith(`leakguard: ${bad}: report: `), stderr);
});

test('annotations and code scanning get paths relative to the working directory', async (t) => {
  const file = await makeReport(t);
  const place = path.relative(ROOT, LEAKING);
  const line = lineOf(LEAKING, 'leak: listeners');
  const github = await runCli(['report', file, '--format', 'github']);
  assert.ok(github.stdout.includes(`\n::error file=${place},line=${line},`), github.stdout);
  const sarif = await runCli(['report', file, '--format', 'sarif']);
  const [{ results, originalUriBaseIds }] = JSON.parse(sarif.stdout).runs;
  const { physicalLocation } = results[0].locations[0];
  assert.equal(physicalLocation.artifactLocation.uri, place);
  assert.equal(originalUriBaseIds['%SRCROOT%'].uri, `${pathToFileURL(ROOT)}/`);
});

test('report --fail-on ends with 86 at such a finding', async (t) => {
  const file = await makeReport(t);
  assert.equal((await runCli(['report', file, '--fail-on', 'leak'])).code, 86);
  assert.equal((await runCli(['report', file, '--fail-on', 'suspect'])).code, 86);
});

test('report on what is no report is bad input in one line that names the file', async (t) => {
  const good = await makeReport(t);
  const folder = temporaryFolder(t);
  const report = JSON.parse(fs.readFileSync(good, 'utf8'));
  /** @type {Record<string, string>} */
  const files = {
    'empty.json': '',
    'cut.json': JSON.stringify(report).slice(0, 1000),
    'text.json': 'not JSON at all',
    'array.json': '[]',
    'null.json': 'null',
    'number.json': '5',
    'foreign.json': JSON.stringify({ name: 'app', version: '1.0.0' }),
    'newer.json': JSON.stringify({ ...report, schema: 2 }),
    'wrong-type.json': JSON.stringify({ ...report, findings: 'many' }),
    'deep.json': '['.repeat(100_000),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    for (const format of ['text', 'json', 'md', 'html', 'junit', 'sarif', 'github']) {
      const { code, stdout, stderr } = await runCli(['report', file, '--format', format]);
      assert.deepEqual([code, stdout], [65, ''], `${name} as ${format}: ${stderr}`);
      assert.equal(linesOf(stderr).length, 1, stderr);
      assert.ok(stderr.startsWith(`leakguard: ${file}`), stderr);
    }
  }
  const json = await runCli(['report', path.join(folder, 'foreign.json'), '--json']);
  assert.equal(JSON.parse(json.stderr).error.exitCode, 65);
});

test('report on a file that is not there, or a folder, says so', async (t) => {
  const folder = temporaryFolder(t);
  for (const [file, reason] of [
    [path.join(folder, 'none.json'), 'ENOENT'],
    [folder, 'EISDIR'],
  ]) {
    const { code, stdout, stderr } = await runCli(['report', file]);
    assert.deepEqual([code, stdout], [65, '']);
    assert.equal(linesOf(stderr).length, 1);
    assert.ok(stderr.includes(file) && stderr.includes(reason), stderr);
  }
});

test('doctor says that all is well here', async () => {
  const { code, stdout, stderr } = await runCli(['doctor']);
  assert.deepEqual([code, stderr], [0, '']);
  assert.ok(
    linesOf(stdout).every((line) => line.startsWith('ok')),
    stdout,
  );
  assert.match(stdout, new RegExp(`native addon +version ${version.replaceAll('.', '\\.')}`));
  assert.ok(stdout.includes(process.version));
});

test('doctor --json says the same as JSON', async () => {
  const { code, stdout } = await runCli(['doctor', '--json']);
  assert.equal(code, 0);
  const checks = JSON.parse(stdout);
  assert.ok(checks.length >= 4);
  for (const check of checks) assert.deepEqual(Object.keys(check), ['name', 'ok', 'detail']);
});

test('doctor finds bad and unknown variables in the environment', async () => {
  const bad = await runCli(['doctor'], { env: { LEAKGUARD_INTERVAL: 'soon' } });
  assert.equal(bad.code, 65);
  assert.match(bad.stdout, /FAIL +environment +LEAKGUARD_INTERVAL="soon"/);
  const unknown = await runCli(['doctor'], { env: { LEAKGUARD_INTERWAL: '1s' } });
  assert.equal(unknown.code, 65);
  assert.match(unknown.stdout, /FAIL +environment +LEAKGUARD_INTERWAL/);
});

test('--help, help of each command and --version print to standard output and end with 0', async () => {
  const help = await runCli(['--help']);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  for (const command of ['run', 'report', 'doctor']) {
    assert.match(help.stdout, new RegExp(`^ +${command}\\b`, 'm'));
    const own = await runCli([command, '--help']);
    assert.deepEqual([own.code, own.stderr], [0, '']);
    assert.match(own.stdout, new RegExp(`leakguard ${command}`));
  }
  const printed = await runCli(['--version']);
  assert.deepEqual([printed.code, printed.stdout], [0, `${version}\n`]);
});

test('no command at all prints the help and is a usage error', async () => {
  const { code, stdout, stderr } = await runCli([]);
  assert.equal(code, 64);
  assert.match(stdout + stderr, /Usage: leakguard/);
});

test('a program under run behaves as one under --require', async () => {
  const bare = await runNode([program('healthy.js')]);
  const required = await runNode(['--require', REGISTER, program('healthy.js')]);
  assert.deepEqual(required, bare);
});
