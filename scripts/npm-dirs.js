'use strict';

/**
 * `npm run npm-dirs`: makes the packages of the platforms in `npm/`, as napi-rs does, with the licenses of what is in
 * their binaries. The binaries themselves come from `napi artifacts`.
 */

const fs = require('node:fs');
const path = require('node:path');
const { ROOT, runOrExit } = require('./setup');

const NAPI = path.join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js');
const LICENSES = ['LICENSE', 'THIRD-PARTY-LICENSES.md'];

/** @param {string} cwd  of a `package.json` */
function createNpmDirs(cwd) {
  runOrExit(process.execPath, [NAPI, 'create-npm-dirs'], { cwd });
  const parent = path.join(cwd, 'npm');
  for (const name of fs.readdirSync(parent)) {
    const folder = path.join(parent, name);
    for (const file of LICENSES) fs.copyFileSync(path.join(ROOT, file), path.join(folder, file));
    const manifestFile = path.join(folder, 'package.json');
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    const files = [...new Set([...manifest.files, ...LICENSES])];
    fs.writeFileSync(manifestFile, `${JSON.stringify({ ...manifest, files }, null, 2)}\n`);
  }
}

if (require.main === module) createNpmDirs(ROOT);

exports.NAPI = NAPI;
exports.createNpmDirs = createNpmDirs;
