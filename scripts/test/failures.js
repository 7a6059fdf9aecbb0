'use strict';

/** A reporter for `node --test` that says only what has failed, for the end of a long run. */

const path = require('node:path');

/**
 * @param {AsyncIterable<{ type: string, data: any }>} events
 * @returns {AsyncGenerator<string>}
 */
module.exports = async function* failures(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const { error } = data.details;
    // A file fails when a test of it has, which was told already.
    if (error.failureType === 'subtestsFailed') continue;
    const cause = error.cause?.stack ?? error.cause ?? error.message;
    yield `✖ ${path.basename(data.file ?? data.name)}: ${data.name}\n  ${String(cause).replaceAll('\n', '\n  ')}\n`;
  }
};
