'use strict';

/**
 * Runs programs in a process of their own: exit codes, signals, output and what a whole process does
 * can be seen from outside only. Knows nothing of what leakguard finds.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const FIXTURES = path.join(__dirname, 'fixtures');
const REGISTER = path.join(ROOT, 'register.js');
const BIN = path.join(ROOT, 'bin', 'leakguard.js');
/** A child that hangs must not hang the suite. */
const TIME_LIMIT_MS = 120_000;

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */
/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]  on top of this environment without what concerns leakguard
 * @property {(child: import('node:child_process').ChildProcess) => void} [meanwhile]
 * @property {number} [timeLimitMs]
 */

/** This environment, as if neither leakguard nor a test runner were around. */
function plainEnvironment() {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (/^(LEAKGUARD|NODE_OPTIONS|NODE_TEST_|NAPI_RS_|npm_)/i.test(name)) delete env[name];
  }
  // Commands that start `node` by name get the one that runs this test.
  env.PATH = `${path.dirname(process.execPath)}${path.delimiter}${env.PATH}`;
  return env;
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<Ended>}
 */
function runCommand(
  file,
  args,
  { cwd = ROOT, env = {}, meanwhile, timeLimitMs = TIME_LIMIT_MS } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...plainEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    meanwhile?.(child);
  });
}

/**
 * @param {string[]} args  of node
 * @param {ChildOptions} [options]
 */
const runNode = (args, options) => runCommand(process.execPath, args, options);

/**
 * @param {string[]} args  of leakguard
 * @param {ChildOptions} [options]
 */
const runCli = (args, options) => runNode([BIN, ...args], options);

/** @param {string} name  a program of the fixtures */
const program = (name) => path.join(FIXTURES, 'programs', name);

/**
 * A program that prints the port on which it answers, and ends with the test.
 * @param {{ after: (action: () => void) => void }} t
 * @param {string[]} args  of node
 * @param {NodeJS.ProcessEnv} [env]  on top of this environment without what concerns leakguard
 */
async function startService(t, args, env) {
  const service = spawn(process.execPath, args, {
    env: { ...plainEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => service.kill('SIGKILL'));
  const [port] = await once(service.stdout, 'data');
  return { service, address: `127.0.0.1:${`${port}`.trim()}` };
}

/**
 * A folder that is gone after the test.
 * @param {{ after: (action: () => void) => void }} t
 */
function temporaryFolder(t) {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'leakguard-test-')));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A folder with the package installed in its node_modules, by a link.
 * @param {{ after: (action: () => void) => void }} t
 * @param {Record<string, string>} files  name -> text
 */
function temporaryProject(t, files) {
  const folder = temporaryFolder(t);
  fs.mkdirSync(path.join(folder, 'node_modules'));
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'leakguard'), 'dir');
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/**
 * A copy of what the package ships, in a folder of its own.
 * @param {string} folder  where `node_modules/leakguard` is made
 * @param {{ native?: boolean }} [options]  whether the binary comes along
 * @returns {string} its folder
 */
function copyPackage(folder, { native = true } = {}) {
  const copy = path.join(folder, 'node_modules', 'leakguard');
  fs.mkdirSync(copy, { recursive: true });
  const { files } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  // Where it is installed the binary is in a package beside it.
  const binaries = fs
    .readdirSync(path.join(ROOT, 'native'))
    .filter((name) => native && name.endsWith('.node'))
    .map((name) => path.join('native', name));
  for (const name of ['package.json', ...files, ...binaries]) {
    const from = path.join(ROOT, name);
    if (!fs.existsSync(from)) continue;
    fs.cpSync(from, path.join(copy, name), { recursive: true });
  }
  return copy;
}

/** @param {string} text */
const linesOf = (text) => text.split('\n').filter((line) => line !== '');

/**
 * What takes a minute and does not depend on the version of Node.js is tested on one of them: the
 * reason to skip it elsewhere.
 */
const onReferenceOnly = process.versions.node.startsWith('24.') ? false : 'tested on Node.js 24';

module.exports = {
  BIN,
  FIXTURES,
  REGISTER,
  ROOT,
  copyPackage,
  startService,
  linesOf,
  onReferenceOnly,
  plainEnvironment,
  program,
  runCli,
  runCommand,
  runNode,
  temporaryFolder,
  temporaryProject,
};
