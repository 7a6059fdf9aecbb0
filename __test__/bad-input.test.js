'use strict';

/**
 * What stands in the way: no binary, a wrong one, an old Node, frozen objects, a report that cannot
 * be written, other people's patches. Each is one clear error or one warning, and the host goes on.
 */

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const {
  REGISTER,
  ROOT,
  copyPackage,
  linesOf,
  program,
  runCommand,
  runNode,
  temporaryFolder,
  temporaryProject,
} = require('./child');

const NODE_18 = path.join(__dirname, 'runtimes', 'node_modules', 'node18', 'bin', 'node');
const QUICK = {
  LEAKGUARD_INTERVAL: '10ms',
  LEAKGUARD_PATIENCE: '10',
  LEAKGUARD_SENSITIVITY: 'high',
};

/**
 * The warnings of leakguard about itself in an output.
 * @param {string} stderr
 */
const ownWarnings = (stderr) => linesOf(stderr).filter((line) => line.includes('LeakguardWarning'));

/**
 * One warning, no other output, and the program as without us.
 * @param {import('./child').Ended} ended
 * @param {RegExp} said
 * @param {string} [stdout]
 */
function assertOneWarning(ended, said, stdout = 'done\n') {
  assert.deepEqual([ended.code, ended.signal, ended.stdout], [0, null, stdout], ended.stderr);
  const warnings = ownWarnings(ended.stderr);
  assert.equal(warnings.length, 1, ended.stderr);
  assert.match(warnings[0], said);
  // Node adds one line on how to see where a warning comes from.
  assert.ok(linesOf(ended.stderr).length <= 2, ended.stderr);
}

/** Uses all of the API, and says what each call comes to. */
const USES_API = `const leakguard = require('leakguard');
const outcome = (name, use) => {
  try { use(); console.log(name, 'ok'); }
  catch (error) { console.log(name, error.name, error.code); }
};
outcome('start', () => leakguard.start());
outcome('start with options', () => leakguard.start({ interval: '20ms' }));
outcome('bad option', () => leakguard.start({ interval: 'soon' }));
outcome('watch', () => leakguard.watch('map', new Map()).stop());
outcome('bad target', () => leakguard.watch('map', 5));
outcome('on', () => leakguard.on('finding', () => {}));
outcome('reset', () => leakguard.reset());
outcome('report', () => leakguard.report());
outcome('stop', () => leakguard.stop());
`;
const WITHOUT_BINARY = `start ok
start with options ok
bad option LeakguardError ERR_LEAKGUARD_OPTION
watch ok
bad target LeakguardError ERR_LEAKGUARD_TARGET
on ok
reset ok
report LeakguardError ERR_LEAKGUARD_NATIVE
stop ok
`;

const [, RUST] = /** @type {RegExpExecArray} */ (
  /^rust-version = "(.+)"$/m.exec(fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8'))
);

/** @type {Record<string, (binary: string) => void>} */
const DAMAGES = {
  'is missing': (binary) => fs.rmSync(binary),
  'is a text file': (binary) => fs.writeFileSync(binary, 'not a binary\n'),
  'is empty': (binary) => fs.writeFileSync(binary, ''),
  'is for another platform': (binary) => {
    const header = fs.readFileSync(binary);
    header.writeUInt16LE(0xf3, 18); // e_machine of the ELF header: RISC-V
    fs.writeFileSync(binary, header);
  },
};

for (const [label, damage] of Object.entries(DAMAGES)) {
  test(`a native binary that ${label} is one warning, and the program runs unwatched`, async (t) => {
    const folder = temporaryFolder(t);
    const copy = copyPackage(folder);
    const native = path.join(copy, 'native');
    const [binary] = fs.readdirSync(native).filter((name) => name.endsWith('.node'));
    damage(path.join(native, binary));
    const said = new RegExp(
      `LEAKGUARD_NATIVE.*no native binary for linux-${process.arch} \\((glibc [\\d.]+|musl), Node\\.js ${process.version}\\) ` +
        `.*reinstall.*npm run build.*needs Rust ${RUST} or later`,
    );
    assertOneWarning(
      await runNode(['--require', path.join(copy, 'register.js'), program('healthy.js')]),
      said,
    );
    fs.writeFileSync(path.join(folder, 'app.js'), USES_API);
    assertOneWarning(await runNode(['app.js'], { cwd: folder }), said, WITHOUT_BINARY);
  });
}

test('a platform for which there is no binary is named, and the program runs unwatched', async () => {
  const source = `Object.defineProperty(process, 'platform', { value: 'sunos' });
    require(${JSON.stringify(REGISTER)});
    console.log('done');`;
  const said = new RegExp(`no native binary for sunos-${process.arch} \\(Node\\.js v`);
  assertOneWarning(await runNode(['-e', source]), said);
});

test('looking for the libc without ldd leaves the settings of the host as they were', async () => {
  const source = `const fs = require('node:fs');
    const { readFileSync } = fs;
    fs.readFileSync = (file, ...rest) => {
      if (file === '/usr/bin/ldd') throw new Error('this machine has none');
      return readFileSync(file, ...rest);
    };
    const { getReport } = process.report;
    let asked = 0;
    process.report.getReport = () => {
      asked += 1;
      return getReport.call(process.report);
    };
    const before = process.report.excludeNetwork;
    const { report } = require(${JSON.stringify(ROOT)});
    console.log(report().shims.timers, asked, process.report.excludeNetwork === before);`;
  const { stdout, stderr } = await runNode(['-e', source]);
  assert.deepEqual([stdout, stderr], ['on 1 true\n', '']);
});

test('a library path that leads nowhere falls back to the binary of the package', async () => {
  const { code, stdout } = await runNode(['--require', REGISTER, program('healthy.js')], {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: path.join(__dirname, 'nowhere.node') },
  });
  assert.deepEqual([code, stdout], [0, 'done\n']);
});

test('without a binary the command line says what to do in one line', async (t) => {
  const copy = copyPackage(temporaryFolder(t), { native: false });
  fs.symlinkSync(
    path.join(__dirname, '..', 'node_modules', 'commander'),
    path.join(copy, '..', 'commander'),
  );
  const bin = path.join(copy, 'bin', 'leakguard.js');
  const doctor = await runNode([bin, 'doctor']);
  assert.equal(doctor.code, 70);
  assert.match(doctor.stdout, /FAIL +native addon +no native binary/);
  const file = path.join(copy, 'package.json');
  const report = await runNode([bin, 'report', file]);
  assert.deepEqual([report.code, report.stdout], [70, '']);
  assert.equal(linesOf(report.stderr).length, 1, report.stderr);
  assert.match(report.stderr, /no native binary/);
  // The command itself must run all the same.
  const run = await runNode([bin, 'run', '--', process.execPath, program('healthy.js')]);
  assert.deepEqual([run.code, run.stdout], [0, 'done\n']);
});

test('Node 18 is one warning, and the program runs unwatched', async (t) => {
  if (!fs.existsSync(NODE_18)) return t.skip('node18 is not installed in the runtimes');
  const ended = await runCommand(NODE_18, ['--require', REGISTER, program('healthy.js')]);
  assertOneWarning(ended, /Node\.js v18\.\S+ is not supported: 20 or later is needed/);
});

test('on Node 18 report() throws a coded error, and the hooks are not there', async (t) => {
  if (!fs.existsSync(NODE_18)) return t.skip('node18 is not installed in the runtimes');
  const cwd = temporaryProject(t, {
    'app.js': `const { on } = require('node:events').EventEmitter.prototype;
const leakguard = require('leakguard');
console.log(on === require('node:events').EventEmitter.prototype.on);
try { leakguard.report(); } catch (error) { console.log(error.code); }`,
  });
  const ended = await runCommand(NODE_18, ['app.js'], { cwd });
  assertOneWarning(ended, /not supported/, 'true\nERR_LEAKGUARD_NODE\n');
});

/** @type {[label: string, freeze: string, shim: string][]} */
const FREEZES = [
  [
    'a frozen EventEmitter.prototype',
    "Object.freeze(require('node:events').EventEmitter.prototype)",
    'eventEmitter',
  ],
  ['a frozen EventTarget.prototype', 'Object.freeze(EventTarget.prototype)', 'eventTarget'],
  ["a frozen require('timers')", "Object.freeze(require('node:timers'))", 'timers'],
  ['a frozen Map.prototype', 'Object.freeze(Map.prototype)', 'collections'],
  ['a frozen Set.prototype', 'Object.freeze(Set.prototype)', 'collections'],
  [
    'a setTimeout that cannot be configured',
    "Object.defineProperty(globalThis, 'setTimeout', { configurable: false, writable: false })",
    'timers',
  ],
  ['a setTimeout that is no function', 'globalThis.setTimeout = undefined', 'timers'],
];
for (const [label, freeze, shim] of FREEZES) {
  test(`${label} is one warning; the other hooks work and what was replaced is restored`, async (t) => {
    const cwd = temporaryProject(t, {
      'app.js': `const { EventEmitter } = require('node:events');
// After the freeze Node itself can make no emitters, and so no output, any more.
const bus = new EventEmitter();
process.stdout; process.stderr;
${freeze};
const timers = require('node:timers');
const timersPromises = require('node:timers/promises');
const own = () => [EventEmitter.prototype.on, EventEmitter.prototype.prependListener,
  EventTarget.prototype.addEventListener, globalThis.setTimeout, globalThis.setInterval,
  timers.setTimeout, timers.setImmediate, timersPromises.setTimeout, Map.prototype.set, Set.prototype.add];
const before = own();
const leakguard = require('leakguard');
const { shims } = leakguard.report();
console.log(JSON.stringify(Object.entries(shims).filter(([, state]) => state !== 'on')));
bus.on('tick', () => console.log('heard'));
bus.emit('tick');
new Map().set('a', 1);
new Set().add('a');
leakguard.stop();
console.log(own().every((value, index) => value === before[index]));`,
    });
    assertOneWarning(
      await runNode(['app.js'], { cwd }),
      new RegExp(`\\[LEAKGUARD_SHIM\\].*the hooks ${shim} are off`),
      `${JSON.stringify([[shim, 'failed']])}\nheard\ntrue\n`,
    );
  });
}

test('under --frozen-intrinsics the program runs, with one warning for each hook that is off', async () => {
  const args = ['--frozen-intrinsics', '--no-warnings=ExperimentalWarning'];
  const bare = await runNode([...args, program('healthy.js')]);
  const watched = await runNode([...args, '--require', REGISTER, program('healthy.js')]);
  assert.deepEqual([watched.code, watched.stdout], [bare.code, bare.stdout], watched.stderr);
  const warnings = ownWarnings(watched.stderr);
  assert.equal(new Set(warnings).size, warnings.length, watched.stderr);
  for (const warning of warnings) assert.match(warning, /the hooks \w+ are off/);
});

test('under --frozen-intrinsics a leak is still found, if without its site', async () => {
  const { code, stdout, stderr } = await runNode(
    ['--frozen-intrinsics', '--require', REGISTER, program('leaks-listeners.js')],
    { env: QUICK },
  );
  assert.deepEqual([code, stdout], [0, 'leak found\n'], stderr);
  assert.doesNotMatch(stderr, /failure of its own/);
});

test('a frozen Error does not keep leaks from being found', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `Object.freeze(Error);\nrequire(${JSON.stringify(program('leaks-listeners.js'))});`,
  });
  const { code, stdout, stderr } = await runNode(['--require', REGISTER, 'app.js'], {
    cwd,
    env: QUICK,
  });
  assert.deepEqual([code, stdout], [0, 'leak found\n'], stderr);
  assert.doesNotMatch(stderr, /failure of its own/);
});

test('an Error.prepareStackTrace of the host is neither called for our captures nor lost', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `let calls = 0;
const own = (error, frames) => { calls += 1; return frames.length + ' frames'; };
Error.prepareStackTrace = own;
Error.stackTraceLimit = 3;
const bus = new (require('node:events').EventEmitter)().setMaxListeners(0);
for (let count = 0; count < 50; count += 1) bus.on('tick', () => {});
console.log(calls, Error.prepareStackTrace === own, Error.stackTraceLimit, new Error('x').stack);`,
  });
  const { stdout, stderr } = await runNode(['--require', REGISTER, 'app.js'], { cwd });
  assert.deepEqual([stdout, stderr], ['0 true 3 3 frames\n', '']);
});

test('a report folder that vanishes before the exit is one line, and the exit code stays', async (t) => {
  const cwd = temporaryFolder(t);
  const folder = path.join(cwd, 'reports');
  fs.mkdirSync(folder);
  const source = `require('node:fs').rmdirSync(${JSON.stringify(folder)}); process.exitCode = 3;`;
  const { code, stderr } = await runNode(['--require', REGISTER, '-e', source], {
    env: { LEAKGUARD_REPORT: path.join(folder, 'report.json') },
  });
  assert.equal(code, 3);
  assert.equal(linesOf(stderr).length, 1, stderr);
  assert.match(stderr, /^leakguard: the report at exit failed: .*ENOENT.*report\.json/);
});

test('where nobody reads standard error any more the exit code stays too', async (t) => {
  const folder = path.join(temporaryFolder(t), 'reports');
  fs.mkdirSync(folder);
  const source = `require('node:fs').rmdirSync(${JSON.stringify(folder)}); process.exitCode = 3; setTimeout(() => {}, 300)`;
  const child = spawn(process.execPath, ['--require', REGISTER, '-e', source], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, LEAKGUARD_REPORT: path.join(folder, 'report.json') },
  });
  child.stderr.destroy();
  assert.deepEqual(await once(child, 'exit'), [3, null]);
});

test('a report path that is a folder is one line at exit', async (t) => {
  const folder = path.join(temporaryFolder(t), 'report.json');
  fs.mkdirSync(folder);
  const ended = await runNode(['--require', REGISTER, program('healthy.js')], {
    env: { LEAKGUARD_REPORT: folder },
  });
  assert.deepEqual([ended.code, ended.stdout], [0, 'done\n']);
  assert.equal(linesOf(ended.stderr).length, 1, ended.stderr);
});

test('a report path in a folder that is not there is one warning at start-up', async (t) => {
  const ended = await runNode(['--require', REGISTER, program('healthy.js')], {
    env: { LEAKGUARD_REPORT: path.join(temporaryFolder(t), 'no', 'report.json') },
  });
  assertOneWarning(ended, /LEAKGUARD_REPORT=.*folder that exists/);
});

test("somebody else's patch on top of ours keeps working through stop and start", async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const leakguard = require('leakguard');
const { EventEmitter } = require('node:events');
const ours = EventEmitter.prototype.on;
let seen = 0;
EventEmitter.prototype.on = function theirs(...args) { seen += 1; return ours.apply(this, args); };
const bus = new EventEmitter();
bus.on('a', () => {});
leakguard.stop();
bus.on('b', () => {});
leakguard.start();
bus.on('c', () => {});
console.log(seen, bus.eventNames().join(), leakguard.report().shims.eventEmitter);`,
  });
  const { code, stdout, stderr } = await runNode(['app.js'], { cwd });
  assert.deepEqual([code, stdout, stderr], [0, '3 a,b,c buried\n', '']);
});

test('fake timers put on top of ours and taken off again leave nothing behind', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `const bare = globalThis.setTimeout;
const leakguard = require('leakguard');
const { mock } = require('node:test');
mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
let fired = 0;
setTimeout(() => { fired += 1; }, 1000);
mock.timers.tick(1000);
mock.timers.reset();
leakguard.stop();
console.log(fired, globalThis.setTimeout === bare, leakguard.report().shims.timers);`,
  });
  const { code, stdout, stderr } = await runNode(['--no-warnings=ExperimentalWarning', 'app.js'], {
    cwd,
  });
  assert.deepEqual([code, stdout], [0, '1 true off\n'], stderr);
});

test('a host that listens to warnings and throws on them sees none of ours where all is well', async (t) => {
  const cwd = temporaryProject(t, {
    'app.js': `process.on('warning', (warning) => { throw warning; });
require('leakguard').start({ interval: '10ms' });
setTimeout(() => console.log('done'), 50);`,
  });
  const { code, stdout, stderr } = await runNode(['app.js'], { cwd });
  assert.deepEqual([code, stdout, stderr], [0, 'done\n', '']);
});
