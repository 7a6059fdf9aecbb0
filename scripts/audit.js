'use strict';

/**
 * `npm run audit`: known vulnerabilities, licenses and sources of what ships (`deny.toml`), and of the npm packages
 * that a user gets with it. Needs cargo-deny and the network; both are no part of `npm run lint`.
 */

const { spawnSync } = require('node:child_process');
const { runOrExit } = require('./setup');

const INSTALL = 'cargo install --locked cargo-deny';

if (spawnSync('cargo', ['deny', '--version']).status !== 0) {
  process.stderr.write(`npm run audit: cargo-deny is missing: ${INSTALL}\n`);
  process.exit(65);
}
runOrExit('cargo', ['deny', '--all-features', 'check']);
runOrExit('npm', ['audit', '--omit=dev']);
