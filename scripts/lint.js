'use strict';

/** `npm run lint`: formatters, linters, types, and whether the generated files are fresh. */

const { buildAddon, installPackages, runOrExit } = require('./setup');

const CLIPPY = ['clippy', '--quiet', '--all-targets'];
const DENY_WARNINGS = ['--', '-D', 'warnings'];

installPackages('.');
runOrExit('cargo', ['fmt', '--check']);
runOrExit('cargo', [...CLIPPY, ...DENY_WARNINGS]);
runOrExit('cargo', [...CLIPPY, '--no-default-features', ...DENY_WARNINGS]);
runOrExit('npx', ['biome', 'ci', '--error-on-warnings']);
runOrExit('npx', ['tsc']);
runOrExit('npx', ['tsc', '--project', 'page']);
runOrExit('npm', ['run', '--silent', 'build:page']);
buildAddon();
const GENERATED = ['native', 'src/report/page.html', 'Cargo.lock'];
// Crates of their own that are built with ours, and whose lock files know what it needs.
for (const crate of ['bench/rivals', 'fuzz']) {
  runOrExit('cargo', ['tree', '--quiet', '--locked', '--manifest-path', `${crate}/Cargo.toml`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
runOrExit('git', ['diff', '--exit-code', '--stat', '--', ...GENERATED]);
process.stdout.write('lint: nothing to say\n');
