'use strict';

/**
 * The Node binaries that the repository's suites run on, installed from the lock file when they are
 * missing. Knows majors and paths, nothing of tests.
 */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { InputError } = require('./input-error.js');

/**
 * @param {string} repository
 * @param {number} major
 * @param {(message: string) => void} announce
 * @returns {{ binary: string, version: string }}
 */
function findRuntime(repository, major, announce) {
  const directory = path.join(repository, '__test__', 'runtimes');
  const binary = path.join(directory, 'node_modules', `node${major}`, 'bin', 'node');
  if (!fs.existsSync(binary)) {
    announce('installing the Node binaries');
    const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (!fs.existsSync(binary)) {
      throw new InputError(
        `no Node ${major} after npm ci in __test__/runtimes`,
        result.stderr ?? '',
      );
    }
  }
  const asked = spawnSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  if (asked.status !== 0) throw new InputError(`Node ${major} does not start`, asked.stderr ?? '');
  return { binary, version: asked.stdout.trim() };
}

module.exports = { findRuntime };
