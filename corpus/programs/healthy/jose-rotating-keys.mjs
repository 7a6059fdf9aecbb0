/** Short-lived tickets by jose: signing keys rotate and three are known; a used ticket is barred until it expires. */

import { randomBytes, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import pacing from '../../support/pace.js';

const GOOD_FOR_MS = 1_500;
const ROTATE_EACH_MS = 1_000;
const KEYS = 3;

const keys = new Map();
/** Tickets that were used, by the time they expire. */
const used = new Map();
let newest;

function rotate() {
  newest = randomUUID();
  keys.set(newest, randomBytes(32));
  if (keys.size > KEYS) keys.delete(keys.keys().next().value);
}

function sweep() {
  const now = Date.now();
  for (const [id, expires] of used) if (expires <= now) used.delete(id);
}

const issue = (n) =>
  new SignJWT({ seat: n % 400, hall: 'B', until: Date.now() + GOOD_FOR_MS })
    .setProtectedHeader({ alg: 'HS256', kid: newest })
    .setJti(randomUUID())
    .setSubject(`visitor-${n}`)
    .sign(keys.get(newest));

async function admit(ticket) {
  const { payload } = await jwtVerify(ticket, ({ kid }) => {
    const key = keys.get(kid);
    if (key === undefined) throw new Error(`unknown key ${kid}`);
    return key;
  });
  if (payload.until <= Date.now() || used.has(payload.jti)) return false;
  used.set(payload.jti, payload.until);
  return true;
}

rotate();
const rotating = setInterval(rotate, ROTATE_EACH_MS);
const sweeping = setInterval(sweep, 250);
const open = new Set();

await pacing.pace(50, (n) => {
  const visit = issue(n)
    .then(async (ticket) => {
      await admit(ticket);
      // Some try a second time with the same ticket.
      if (n % 9 === 0) await admit(ticket);
    })
    .finally(() => open.delete(visit));
  open.add(visit);
});
await Promise.all(open);
clearInterval(rotating);
clearInterval(sweeping);
