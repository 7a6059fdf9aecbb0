/** Syncs records with retries that end at shutdown: p-retry 5 leaves a listener on the signal per call. */

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import pacing from '../../support/pace.js';

const RECORDS_PER_SECOND = 100;

const shutdown = new AbortController();
setMaxListeners(0, shutdown.signal);
const totals = { sent: 0, attempts: 0 };

async function send(record) {
  totals.attempts += 1;
  await sleep(5);
  if (record.id % 10 === 0 && record.tries++ === 0) throw new Error('the remote side is busy');
  totals.sent += 1;
}

async function sync(id) {
  const record = { id, body: `record ${id}`, tries: 0 };
  await pRetry(() => send(record), { retries: 3, minTimeout: 20, signal: shutdown.signal });
}

await pacing.pace(RECORDS_PER_SECOND, (n) => {
  sync(n);
});
process.exit(0);
