'use strict';

/** A consumer that races each message against the one promise of the shutdown, which does not come. */

const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { pace } = require('../../support/pace');

const MESSAGES_PER_SECOND = 200;

const shutdown = once(process, 'SIGTERM').then(() => ({ done: true }));
const messages = new PassThrough({ objectMode: true });

async function consume() {
  const iterator = messages[Symbol.asyncIterator]();
  let bytes = 0;
  for (;;) {
    const { done, value } = await Promise.race([iterator.next(), shutdown]);
    if (done) return bytes;
    bytes += value.body.length;
  }
}

consume();

pace(MESSAGES_PER_SECOND, (n) => {
  messages.write({ id: n, body: `message ${n} ${'.'.repeat(400)}` });
}).then(() => process.exit(0));
