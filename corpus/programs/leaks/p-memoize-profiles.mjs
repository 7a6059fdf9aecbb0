/** Looks up profiles through p-memoize with its default cache, a Map; by session, of which there is no end. */

import { setTimeout as sleep } from 'node:timers/promises';
import pMemoize from 'p-memoize';
import pacing from '../../support/pace.js';

const LOOKUPS_PER_SECOND = 150;

async function readProfile(sessionId) {
  await sleep(4);
  return {
    sessionId,
    name: `visitor ${sessionId}`,
    rights: ['read', 'comment', `group-${sessionId.length}`],
    settings: { theme: 'dark', language: 'en', timezone: 'UTC' },
  };
}

const profileOf = pMemoize(readProfile);
let greeted = 0;

async function greet(sessionId) {
  const { name } = await profileOf(sessionId);
  greeted += name.length > 0 ? 1 : 0;
}

await pacing.pace(LOOKUPS_PER_SECOND, (n) => {
  const sessionId = `s${n.toString(36)}-${(n * 7919).toString(36)}`;
  greet(sessionId);
  if (n > 20) greet(`s${(n - 20).toString(36)}-${((n - 20) * 7919).toString(36)}`);
});
process.exit(greeted > 0 ? 0 : 1);
