'use strict';

/**
 * The package as a user gets it: packed as a release does it, with the binary that is built here as the package of
 * this platform, and installed where there is no Rust. Knows nothing of what is done with it.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { createNpmDirs, NAPI } = require('../npm-dirs');
const { ROOT } = require('../setup');

/**
 * @typedef {object} Tarball
 * @property {string} file
 * @property {number} unpackedSize  bytes
 * @property {string[]} names  of the files in it
 */
/** @typedef {{ main: Tarball, platform: Tarball, platformName: string }} Packed */

/** npm, to be run by any Node: as a program it would bring its own. */
function npmCli() {
  const { npm_execpath: given = '', PATH = '' } = process.env;
  if (/npm-cli\.js$/.test(given)) return given;
  const folders = PATH.split(path.delimiter);
  const found = folders
    .map((folder) => path.join(folder, 'npm'))
    .find((file) => fs.existsSync(file));
  if (found === undefined) throw new Error('npm is not on the PATH');
  return fs.realpathSync(found);
}

/**
 * The environment of a user who has this Node and no Rust, nor anything that this process was started with by npm.
 * @param {string} node  its binary
 * @returns {NodeJS.ProcessEnv}
 */
function userEnvironment(node) {
  const has = (/** @type {string} */ folder, /** @type {string} */ name) =>
    fs.existsSync(path.join(folder, name)) || fs.existsSync(path.join(folder, `${name}.exe`));
  const folders = (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => !/node_modules/.test(folder))
    .filter((folder) => !has(folder, 'cargo') && !has(folder, 'rustc'));
  const env = Object.entries(process.env).filter(
    ([name]) =>
      !/^(PATH|LEAKGUARD|NODE_OPTIONS|NODE_TEST_|NAPI_RS_|npm_(?!config_registry))/i.test(name),
  );
  return {
    ...Object.fromEntries(env),
    PATH: [path.dirname(node), ...folders].join(path.delimiter),
  };
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {string} cwd
 * @returns {string} its output
 * @throws {Error} with that, where it fails
 */
function run(node, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(node, args, {
    cwd,
    env: userEnvironment(node),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: 300_000,
  });
  if (error !== undefined || status !== 0) {
    throw new Error(`${args.join(' ')} ended with ${error ?? status}\n${stdout}${stderr}`);
  }
  return stdout;
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {string} cwd
 */
const runNpm = (node, args, cwd) => run(node, [npmCli(), ...args], cwd);

/**
 * @param {string} folder  of a package
 * @param {string} destination
 * @returns {Tarball}
 */
function pack(folder, destination) {
  const args = [
    'pack',
    '--json',
    '--silent',
    '--ignore-scripts',
    '--pack-destination',
    destination,
  ];
  const output = JSON.parse(runNpm(process.execPath, args, folder));
  // A list up to npm 11, by name from npm 12 on.
  const [{ filename, unpackedSize, files }] = Object.values(output);
  const names = files.map((/** @type {{ path: string }} */ file) => file.path);
  return { file: path.join(destination, filename), unpackedSize, names };
}

/**
 * Packs the main package and that of this platform, by the steps of `.github/workflows/release.yml`.
 * @param {string} scratch  an empty folder
 * @returns {Promise<Packed>}
 */
async function packAll(scratch) {
  const { parseTriple } = await import('@napi-rs/cli');
  const stage = path.join(scratch, 'stage');
  const artifacts = path.join(stage, 'artifacts');
  fs.mkdirSync(artifacts, { recursive: true });
  for (const name of pack(ROOT, scratch).names) {
    fs.cpSync(path.join(ROOT, name), path.join(stage, name));
  }
  const [binary] = fs
    .readdirSync(path.join(ROOT, 'native'))
    .filter((name) => name.endsWith('.node'));
  fs.copyFileSync(path.join(ROOT, 'native', binary), path.join(artifacts, binary));
  const manifestFile = path.join(stage, 'package.json');
  const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
  const [target] = manifest.napi.targets
    .map(parseTriple)
    .filter((/** @type {{ platformArchABI: string }} */ { platformArchABI }) =>
      binary.endsWith(`.${platformArchABI}.node`),
    );
  manifest.napi.targets = [target.triple];
  fs.writeFileSync(manifestFile, JSON.stringify(manifest, null, 2));
  createNpmDirs(stage);
  run(process.execPath, [NAPI, 'artifacts'], stage);
  const publish = manifest.scripts.prepublishOnly.split(' ').slice(1);
  run(process.execPath, [NAPI, ...publish, '--skip-optional-publish'], stage);
  return {
    main: pack(stage, scratch),
    platform: pack(path.join(stage, 'npm', target.platformArchABI), scratch),
    platformName: `${manifest.name}-${target.platformArchABI}`,
  };
}

/**
 * An empty project with the package.
 * @param {string} node
 * @param {Packed} packed
 * @param {string} folder  that is made
 */
function installInto(node, { main, platform }, folder) {
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "name": "app", "private": true }\n');
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  runNpm(node, ['install', ...options, main.file, platform.file], folder);
}

exports.installInto = installInto;
exports.packAll = packAll;
exports.run = run;
exports.runNpm = runNpm;
exports.userEnvironment = userEnvironment;
