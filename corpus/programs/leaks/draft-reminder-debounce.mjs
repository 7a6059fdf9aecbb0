/** Reminds of unsent drafts after twenty quiet minutes; the handler debounces anew on every change. */

import debounce from 'debounce';
import mitt from 'mitt';
import pacing from '../../support/pace.js';

const CHANGES_PER_SECOND = 60;
const USERS = 200;
const QUIET_MS = 20 * 60 * 1000;

const editor = mitt();
const drafts = new Map();
const reminders = [];

function sendReminder(user, draft) {
  reminders.push({ user, words: draft.text.split(' ').length });
}

editor.on('change', ({ user, text }) => {
  const draft = { text, version: (drafts.get(user)?.version ?? 0) + 1 };
  drafts.set(user, draft);
});

editor.on('change', ({ user }) => {
  const remind = debounce(() => sendReminder(user, drafts.get(user)), QUIET_MS);
  remind();
});

await pacing.pace(CHANGES_PER_SECOND, (n) => {
  const user = `user-${(n * 7) % USERS}`;
  editor.emit('change', { user, text: `Dear all, ${'as I wrote '.repeat(n % 20)}` });
});
process.exit(0);
