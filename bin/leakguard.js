#!/usr/bin/env node
'use strict';

/** The command line; all of it is in `lib/cli`. */

for (const stream of [process.stdout, process.stderr]) {
  // Whoever read it, such as `head`, has had enough.
  stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

require('../lib/cli/index.js')
  .main(process.argv.slice(2))
  .then((/** @type {number} */ code) => {
    process.exitCode = code;
  });
