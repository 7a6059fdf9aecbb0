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
runOrExit('npm', ['run', '--silent', 'licenses']);
buildAddon();
const GENERATED = ['native', 'src/report/page.html', 'Cargo.lock', 'THIRD-PARTY-LICENSES.md'];
// Crates of their own that are built with ours, which no test builds.
runOrExit('cargo', ['check', '--quiet', '--locked', '--manifest-path', 'fuzz/Cargo.toml'], {
  env: { ...process.env, RUSTFLAGS: '--cfg fuzzing' },
});
runOrExit('cargo', ['tree', '--quiet', '--locked', '--manifest-path', 'bench/rivals/Cargo.toml'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
runOrExit('git', ['diff', '--exit-code', '--stat', '--', ...GENERATED]);
process.stdout.write('lint: nothing to say\n');
