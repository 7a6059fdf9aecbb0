#!/usr/bin/env node
'use strict';

/** The command line; all of it is in `lib/cli`. */

require('../lib/cli/index.js')
  .main(process.argv.slice(2))
  .then((/** @type {number} */ code) => {
    process.exitCode = code;
  });
