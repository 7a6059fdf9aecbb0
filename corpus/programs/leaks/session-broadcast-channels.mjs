/** Sessions in an LRU of 40, each with a channel for changes of rights; an evicted one's stays open. */

import { nanoid } from 'nanoid';
import { lru } from 'tiny-lru';
import pacing from '../../support/pace.js';

const SIGN_INS_PER_SECOND = 20;
const SESSIONS = 40;
const ANNOUNCE_MS = 1000;

class Session {
  rights = new Set(['read']);

  constructor(user) {
    this.id = nanoid();
    this.user = user;
    this.channel = new BroadcastChannel('rights');
    this.channel.onmessage = ({ data }) => {
      if (data.user === this.user) this.rights.add(data.right);
    };
  }

  signOut() {
    this.channel.close();
  }
}

const sessions = lru(SESSIONS);

function signIn(user) {
  const session = new Session(user);
  sessions.set(session.id, session);
  return session;
}

function signOut(session) {
  sessions.delete(session.id);
  session.signOut();
}

const admin = new BroadcastChannel('rights');
const announcing = setInterval(() => {
  admin.postMessage({ user: `user-${Math.floor(Math.random() * 100)}`, right: 'write' });
}, ANNOUNCE_MS);

await pacing.pace(SIGN_INS_PER_SECOND, (n) => {
  const session = signIn(`user-${n % 100}`);
  // Most just close the tab.
  if (n % 5 === 0) setTimeout(() => signOut(session), 300);
});
clearInterval(announcing);
process.exit(0);
