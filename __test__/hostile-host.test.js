'use strict';

/** Hosts that change the globals we once relied on, each in a process of its own. */

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const REGISTER = path.join(__dirname, '..', 'register.js');

/**
 * @param {string} code  prints JSON
 * @param {Record<string, string>} [env]
 * @param {string[]} [flags]
 */
function run(code, env, flags = []) {
  const args = [...flags, '--require', REGISTER, '-e', code];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stderr, output: stdout === '' ? undefined : JSON.parse(stdout) };
}

const LISTENERS = `
  const { EventEmitter } = require('node:events');
  const emitter = new EventEmitter().setMaxListeners(0);
  for (let i = 0; i < 40; i += 1) emitter.on('tick', () => {});
`;

for (const value of ['undefined', '{}']) {
  test(`a host whose performance is ${value} is not thrown at, and is watched`, () => {
    const { status, stderr, output } = run(`
      globalThis.performance = ${value};
      ${LISTENERS}
      const { findings, shims } = require(${JSON.stringify(path.dirname(REGISTER))}).report();
      console.log(JSON.stringify([emitter.listenerCount('tick'), findings.length, shims.eventEmitter]));
    `);
    assert.equal(status, 0, stderr);
    assert.deepEqual(output, [40, 1, 'on']);
  });
}

test("the host's Math.random is not drawn from", () => {
  const { output } = run(`
    let draws = 0;
    Math.random = () => { draws += 1; return 0.5; };
    const map = new Map();
    for (let i = 0; i < 20000; i += 1) map.set(i, i);
    ${LISTENERS}
    console.log(draws);
  `);
  assert.equal(output, 0);
});

test('a source map with a segment that maps to nothing does not turn a hook off', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-test-'));
  const map = { version: 3, sources: ['in.ts'], names: [], mappings: 'A;AAAA' };
  const comment = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
  const file = path.join(folder, 'out.js');
  fs.writeFileSync(file, `${LISTENERS.replaceAll('\n', ' ')}\n${comment}\n`);
  const { output } = run(
    `require(${JSON.stringify(file)});
     const { findings, shims } = require(${JSON.stringify(path.dirname(REGISTER))}).report();
     console.log(JSON.stringify([shims.eventEmitter, findings.length]));`,
    {},
    ['--enable-source-maps'],
  );
  fs.rmSync(folder, { recursive: true });
  assert.deepEqual(output, ['on', 1]);
});

for (const name of ['file:///x/a%2Fb.js', 'file://host/x.js', '']) {
  test(`a script called ${JSON.stringify(name)} does not turn a hook off`, () => {
    const { output } = run(`
      const vm = require('node:vm');
      const code = ${JSON.stringify(`(require) => { ${LISTENERS} }`)};
      vm.runInThisContext(code, { filename: ${JSON.stringify(name)} })(require);
      const { shims } = require(${JSON.stringify(path.dirname(REGISTER))}).report();
      console.log(JSON.stringify(shims.eventEmitter));
    `);
    assert.equal(output, 'on');
  });
}

test('a host that takes iteration away from arrays ends as without us, at every level', () => {
  const code = `
    const values = Array.prototype[Symbol.iterator];
    const arrays = Object.getPrototypeOf([][Symbol.iterator]());
    const { next } = arrays;
    delete Array.prototype[Symbol.iterator];
    delete arrays.next;
    ${LISTENERS}
    const map = new Map();
    for (let i = 0; i < 2000; i += 1) map.set(i, i);
    let ticks = 0;
    const timer = setInterval(() => {
      emitter.on('tick', () => {});
      if ((ticks += 1) < 10) return;
      clearInterval(timer);
      Array.prototype[Symbol.iterator] = values;
      arrays.next = next;
      const { shims } = require(${JSON.stringify(path.dirname(REGISTER))}).report();
      console.log(JSON.stringify([emitter.listenerCount('tick'), map.size, shims.eventEmitter]));
    }, 10);`;
  for (const level of ['counts', 'sites', 'survivors', 'exact']) {
    const { status, stderr, output } = run(code, {
      LEAKGUARD_LEVEL: level,
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_SURVIVORS: '20ms',
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
    assert.deepEqual(output, [50, 2000, 'on']);
  }
});

test('a failure that cannot even be undone does not reach the host', () => {
  const { status, stderr, output } = run(
    `
    process.stderr; // Node.js 20 iterates to make it.
    const { iterator } = Symbol;
    const values = Array.prototype[iterator];
    Array.prototype[iterator] = function () { throw new Error('no iteration'); };
    Array.prototype.filter = undefined;
    ${LISTENERS}
    let ticks = 0;
    const timer = setInterval(() => {
      if ((ticks += 1) < 10) return;
      clearInterval(timer);
      emitter.on('tick', () => {});
      Array.prototype[iterator] = values;
      console.log(JSON.stringify(emitter.listenerCount('tick')));
    }, 10);`,
    { LEAKGUARD_INTERVAL: '10ms' },
  );
  assert.equal(status, 0, stderr);
  assert.match(stderr, /the hooks eventEmitter are off: Error: no iteration/);
  assert.match(stderr, /stopped after a failure of its own/);
  assert.equal(output, 41);
});

const permission = ['--permission', '--experimental-permission'].find((name) =>
  process.allowedNodeEnvironmentFlags.has(name),
);

test('a permission model that lets nothing of ours be read is no reason not to start', {
  skip: permission === undefined,
}, () => {
  const { status, stderr } = run('process.exitCode = 3', {}, [
    String(permission),
    `--allow-fs-read=${REGISTER}`,
  ]);
  assert.equal(status, 3, stderr);
  assert.match(
    stderr,
    /LEAKGUARD_PERMISSION.* does not let it read .*index\.js; add --allow-fs-read/,
  );
});

test('an exit listener that a test runner adds later does not undo the exit code', () => {
  const { status } = run(
    `
    const leakguard = require(${JSON.stringify(path.dirname(REGISTER))});
    const { EventEmitter } = require('node:events');
    const emitter = new EventEmitter().setMaxListeners(0);
    const timer = setInterval(() => emitter.on('tick', () => {}), 5);
    leakguard.on('finding', ({ severity }) => {
      if (severity !== 'leak') return;
      clearInterval(timer);
      process.on('exit', () => { process.exitCode = 0; });
    });`,
    {
      LEAKGUARD_FAIL_ON: 'leak',
      LEAKGUARD_INTERVAL: '10ms',
      LEAKGUARD_PATIENCE: '10',
      LEAKGUARD_SENSITIVITY: 'high',
      LEAKGUARD_WARN: '0',
    },
  );
  assert.equal(status, 86);
});

test('a kill switch in the environment wins over the flag of a script', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      '-e',
      `process.argv.push('--leakguard');
       require(${JSON.stringify(path.join(path.dirname(REGISTER), 'auto.js'))});
       console.log(process.argv.includes('--leakguard'), process.env.LEAKGUARD);`,
    ],
    { encoding: 'utf8', env: { ...process.env, LEAKGUARD: '0' } },
  );
  assert.equal(status, 0);
  assert.equal(stdout, 'false 0\n');
});

test('a URL that is no path is refused by the promise of what opens it, and by nothing else', () => {
  const { status, stderr, output } = run(
    `
      const { open } = require('node:fs/promises');
      require(${JSON.stringify(path.dirname(REGISTER))}).mark('opens');
      const refused = async (url) => {
        const opened = open(new URL(url));
        return opened.catch(({ code }) => code);
      };
      Promise.all([refused('file:///a%2Fb'), refused('https://example.org/')]).then((codes) => {
        setTimeout(() => console.log(JSON.stringify(codes)), 20);
      });
    `,
    { LEAKGUARD_LEVEL: 'exact' },
  );
  assert.equal(status, 0, stderr);
  assert.deepEqual(output, ['ERR_INVALID_FILE_URL_PATH', 'ERR_INVALID_URL_SCHEME']);
});

test('a host that takes AbortSignal, URL and Promise away has its timers and files', () => {
  const { status, stderr, output } = run(
    `
      const { setTimeout: pause } = require('node:timers/promises');
      const leakguard = require(${JSON.stringify(path.dirname(REGISTER))});
      leakguard.mark('all');
      const controller = new AbortController();
      delete globalThis.AbortSignal;
      delete globalThis.URL;
      globalThis.Promise = class Other {};
      pause(1, 'late', { signal: controller.signal }).then((value) => {
        setTimeout(() => console.log(JSON.stringify([value, leakguard.report().shims.timers])), 50);
      });
      require('node:fs').openSync(${JSON.stringify(__filename)});
    `,
    { LEAKGUARD_LEVEL: 'exact', LEAKGUARD_INTERVAL: '10' },
  );
  assert.equal(status, 0, stderr);
  assert.deepEqual(output, ['late', 'on']);
});
