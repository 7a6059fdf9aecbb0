'use strict';

/** What `SECURITY.md` says of the package and that no other test shows. */

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { Baseline } = require('../lib/baseline');
const { ReportFile } = require('../lib/report-file');
const { program, REGISTER, ROOT, runCli, runNode, temporaryFolder } = require('./child');
const leakguard = require('..');

/** @param {string} name */
const read = (name) => fs.readFileSync(path.join(ROOT, name), 'utf8');

/** The JavaScript that ships. */
function shippedCode() {
  const below = fs
    .readdirSync(path.join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => path.posix.join('lib', name.replaceAll('\\', '/')));
  return ['auto.js', 'bin/leakguard.js', 'index.js', 'register.js', ...below];
}

/** @param {RegExp} pattern */
const filesWith = (pattern) => shippedCode().filter((name) => pattern.test(read(name)));

test('only the dashboard listens, nothing connects, and only run starts a process', () => {
  const network = /(?:require\(|from )'node:(?:http|https|http2|net|tls|dgram|dns)(?:\/promises)?'/;
  assert.deepEqual(filesWith(network), ['lib/cli/dashboard.js']);
  assert.doesNotMatch(
    read('lib/cli/dashboard.js'),
    /\b(?:http\.(?:get|request)|net\.(?:connect|createConnection))\(/,
  );
  assert.deepEqual(filesWith(/\b(?:fetch|WebSocket|EventSource)\(/), []);
  assert.deepEqual(filesWith(/(?:require\(|from )'node:(?:child_process|cluster)'/), [
    'lib/cli/run.js',
  ]);
  assert.deepEqual(filesWith(/\b(?:eval|Function)\(/), []);
  // Its sockets; `open()` would make the process one that can be debugged from outside.
  assert.deepEqual(filesWith(/\binspector\.(?:open|url)\(/), []);
  const core = fs
    .readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rs'))
    // What a file's own tests do ships nowhere.
    .filter((name) =>
      /std::net|process::Command/.test(read(`src/${name}`).split('#[cfg(test)]')[0]),
    );
  assert.deepEqual(core, []);
});

test('a process that is watched leaves no file unless one is asked for', async (t) => {
  const folder = temporaryFolder(t);
  const env = { HOME: folder, TMPDIR: folder, XDG_RUNTIME_DIR: folder, XDG_CACHE_HOME: folder };
  const ended = await runNode(['--require', REGISTER, program('healthy.js')], { cwd: folder, env });
  assert.deepEqual([ended.code, ended.stdout, ended.stderr], [0, 'done\n', '']);
  assert.deepEqual(fs.readdirSync(folder), []);
});

test('no environment variable is in a report or a recording', async (t) => {
  const folder = temporaryFolder(t);
  const secret = 'hunter2-of-the-environment';
  const ended = await runNode(['--require', REGISTER, '-e', 'setTimeout(() => {}, 100)'], {
    env: {
      DATABASE_PASSWORD: secret,
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_RECORDER: path.join(folder, 'a.leakguard'),
      LEAKGUARD_REPORT: path.join(folder, 'a.json'),
    },
  });
  assert.equal(ended.code, 0, ended.stderr);
  const names = fs.readdirSync(folder);
  assert.deepEqual(names.sort(), ['a.json', 'a.leakguard']);
  for (const name of names) {
    const bytes = fs.readFileSync(path.join(folder, name));
    assert.ok(bytes.length > 0 && !bytes.includes(secret), name);
  }
});

test('a link under the name that a report or a baseline is written under first is not followed', (t) => {
  const folder = temporaryFolder(t);
  const victim = path.join(folder, 'victim');
  fs.writeFileSync(victim, 'theirs');
  const report = leakguard.report().toJSON();
  const reportFile = path.join(folder, 'report.json');
  const baselineFile = path.join(folder, 'baseline.json');
  fs.symlinkSync(victim, `${reportFile}.${report.pid}-${report.threadId}.tmp`);
  fs.symlinkSync(victim, `${baselineFile}.${process.pid}.tmp`);
  new ReportFile(reportFile, 0).write(report);
  new Baseline([]).write(baselineFile);
  assert.equal(fs.readFileSync(victim, 'utf8'), 'theirs');
  assert.deepEqual(fs.readdirSync(folder).sort(), ['baseline.json', 'report.json', 'victim']);
  assert.equal(JSON.parse(fs.readFileSync(reportFile, 'utf8')).pid, report.pid);
  assert.deepEqual(JSON.parse(fs.readFileSync(baselineFile, 'utf8')).findings, []);
});

test('an error that quotes a file does not steer the terminal', async (t) => {
  const folder = temporaryFolder(t);
  const steering = '\x1b[2J\x9b2J';
  const baseline = path.join(folder, 'baseline.json');
  const findings = [{ [steering]: 1 }];
  fs.writeFileSync(baseline, JSON.stringify({ leakguard: 'baseline', version: 1, findings }));
  assert.throws(
    () => Baseline.read(baseline),
    (/** @type {Error} */ { message }) => /unknown field/.test(message) && !/\p{Cc}/u.test(message),
  );
  const profile = path.join(folder, 'app.heapprofile');
  fs.writeFileSync(profile, `{"head":${steering}}`);
  const { code, stderr } = await runCli(['heap', 'summary', profile]);
  assert.equal(code, 65);
  assert.match(stderr, /^leakguard: .*app\.heapprofile.*\n$/);
  assert.doesNotMatch(stderr.trimEnd(), /\p{Cc}/u);
});

test('every file and command that SECURITY.md and CONTRIBUTING.md name is there', () => {
  const text = ['SECURITY.md', 'CONTRIBUTING.md'].map(read).join('\n');
  const files = [
    ...text.matchAll(/`((?:__test__|tests|src|lib|scripts|corpus|\.github|\.ci)\/[\w./-]+)`/g),
  ]
    .map(([, name]) => name)
    // Those that a reader is to make.
    .filter((name) => !name.includes('NAME'));
  const commands = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name);
  const { scripts } = JSON.parse(read('package.json'));
  assert.ok(files.length > 30 && commands.length > 10);
  assert.deepEqual(
    files.filter((name) => !fs.existsSync(path.join(ROOT, name))),
    [],
  );
  assert.deepEqual(
    commands.filter((name) => !Object.hasOwn(scripts, name)),
    [],
  );
});
