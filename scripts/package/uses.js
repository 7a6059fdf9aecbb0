'use strict';

/** What a user does with the package once it is installed, each an error where it does not come out right. */

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../setup');
const { run, runNpm, userEnvironment } = require('./packed');
const { version } = require('../../package.json');

const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const TYPES = path.join(ROOT, 'node_modules', '@types');
/** Its binary, its hooks and its sites. */
const USE = `
function poll() { return setInterval(() => {}, 3_600_000); }
const timers = Array.from({ length: 20 }, poll);
const { findings, leakguard: version } = leakguard.report();
console.log(version, findings.map(({ what, count, site }) => \`\${what} \${count} \${site?.function}\`).join());
for (const timer of timers) clearInterval(timer);
`;
const USED = `${version} interval 20 poll\n`;

/** What compiles with the types that ship, and what must not. */
const TYPED = `
import leakguard, { type Report, watch } from 'leakguard';
leakguard.start({ interval: '250ms', sensitivity: 'high' });
// @ts-expect-error: no duration
leakguard.start({ interval: {} });
const report: Report = leakguard.report();
const verdict: 'clean' | 'suspect' | 'leak' | 'inconclusive' = report.verdict;
watch(verdict, new Map<string, number>()).stop();
`;
const TYPED_JEST = `
import { withLeakguard } from 'leakguard/jest';
class Environment { readonly isOurs = true }
const isOurs: true = new (withLeakguard(Environment))().isOurs;
// @ts-expect-error: no class
withLeakguard(isOurs);
`;
/** Not where an ES module cannot be required. */
const TYPED_VITEST = `
import Reporter from 'leakguard/vitest-reporter';
new Reporter().onTestRunEnd([]);
// @ts-expect-error: it has no such event
new Reporter().onFinished();
`;
/** Module, its resolution, and the endings of files. */
const MODULES = /** @type {const} */ ([
  ['node16', 'node16', ['cts', 'mts']],
  ['nodenext', 'nodenext', ['cts', 'mts']],
  ['esnext', 'bundler', ['ts']],
]);

/**
 * @param {string} node
 * @param {string} folder  of the project
 */
function useInJavaScript(node, folder) {
  const cargo = spawnSync('cargo', ['--version'], { env: userEnvironment(node) });
  assert.ok(cargo.error !== undefined, 'there must be no Rust');
  fs.writeFileSync(path.join(folder, 'app.cjs'), `const leakguard = require('leakguard');${USE}`);
  fs.writeFileSync(path.join(folder, 'app.mjs'), `import leakguard from 'leakguard';${USE}`);
  for (const file of ['app.cjs', 'app.mjs']) assert.equal(run(node, [file], folder), USED, file);
  const isLoaded = "Object.keys(require.cache).some((file) => file.endsWith('binding.js'))";
  const loader = `require('leakguard'); console.log(${isLoaded});`;
  assert.equal(run(node, ['-e', loader], folder), 'false\n', 'its binary is known by name');
  const entries = Object.keys(require('../../package.json').exports).map((key) =>
    JSON.stringify(key.replace('.', 'leakguard')),
  );
  const resolve = `for (const entry of [${entries}]) require.resolve(entry); console.log('all');`;
  assert.equal(run(node, ['-e', resolve], folder), 'all\n');
}

/**
 * @param {string} node
 * @param {string} folder  of the project
 */
function useCommandLine(node, folder) {
  const bin = path.join('node_modules', 'leakguard', 'bin', 'leakguard.js');
  assert.match(run(node, [bin, '--help'], folder), /^Usage: leakguard /);
  const told = runNpm(node, ['exec', '--no', '--', 'leakguard', 'doctor'], folder);
  assert.match(told, /^ok {4}native addon +version /m);
}

/** @param {string} folder  of the project */
function useInTypeScript(folder) {
  for (const [module, moduleResolution, endings] of MODULES) {
    const files = endings.map((ending) => `typed-${moduleResolution}.${ending}`);
    for (const file of files) {
      const text = TYPED + TYPED_JEST + (file.endsWith('.cts') ? '' : TYPED_VITEST);
      fs.writeFileSync(path.join(folder, file), text);
    }
    const options = [
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      '--esModuleInterop',
    ];
    const types = ['--types', 'node', '--typeRoots', TYPES];
    run(process.execPath, [TSC, ...options, ...types, '--strict', '--noEmit', ...files], folder);
  }
}

exports.useCommandLine = useCommandLine;
exports.useInJavaScript = useInJavaScript;
exports.useInTypeScript = useInTypeScript;
