'use strict';

/** A reporter for every version of mocha: the outcome of each test by its full title, as a JSON file. */

const fs = require('node:fs');

/** @param {import('node:events').EventEmitter} runner */
module.exports = function reporter(runner) {
  /** @type {Record<string, string>} */
  const results = {};
  for (const outcome of ['pass', 'fail', 'pending']) {
    runner.on(outcome, (test) => {
      results[test.fullTitle()] = outcome;
    });
  }
  runner.on('end', () =>
    fs.writeFileSync(String(process.env.FIELD_RESULTS), JSON.stringify(results)),
  );
};
