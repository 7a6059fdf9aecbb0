'use strict';

/** What services keep, for heaps of any size: sessions in a Map, and what hangs on each. */

/** Of the text of a snapshot, for a session with all that it holds. */
const SESSION_BYTES = 1050;

/**
 * Sessions with a few strings, an array, a listener that closes over it, and a link to the one before.
 * @param {number} megabytes  of the snapshot
 */
function createSessions(megabytes) {
  const sessions = new Map();
  let previous = null;
  for (let id = 0; id < (megabytes * 1e6) / SESSION_BYTES; id += 1) {
    const user = { id, name: `user ${id}`, roles: ['reader', `team ${id % 1000}`] };
    const session = { user, previous, visits: [id, id + 0.5, { at: id }] };
    session.onClose = () => sessions.delete(session.user.id);
    sessions.set(id, session);
    previous = id % 100 === 0 ? null : session;
  }
  return sessions;
}

exports.createSessions = createSessions;
