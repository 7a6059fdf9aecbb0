'use strict';

/** `npm run example -- listeners leaking`: runs one of the examples, by name. */

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, buildAddon, installPackages } = require('./setup');

const EXAMPLES = path.join(ROOT, 'examples');
const VARIANTS = ['leaking', 'mended'];
const EXIT_USAGE = 64;

const causes = fs
  .readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const [cause, variant, ...others] = process.argv.slice(2);
if (!causes.includes(cause) || !VARIANTS.includes(variant) || others.length > 0) {
  process.stderr.write(
    `Usage: npm run example -- <cause> <variant>\n  cause    ${causes.join(', ')}\n` +
      `  variant  ${VARIANTS.join(', ')}\n`,
  );
  process.exit(EXIT_USAGE);
}

installPackages('.');
buildAddon();
const file = path.join(EXAMPLES, cause, `${variant}.js`);
process.exitCode = spawnSync(process.execPath, [file], { stdio: 'inherit' }).status ?? 1;
