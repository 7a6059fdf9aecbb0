#!/usr/bin/env node
'use strict';

/**
 * `node bench/heap-generate.js FILE MEGABYTES`: a heap snapshot of about so many MB, of what services keep:
 * sessions in a Map, each with a few strings, an array, a listener that closes over it, and a link to
 * the one before. A service of that size is made in a process of its own, with the memory that it takes.
 */

const { spawnSync } = require('node:child_process');
const v8 = require('node:v8');

/** Of the text of a snapshot, for a session with all that it holds. */
const SESSION_BYTES = 1050;

const [file, megabytes, inside] = process.argv.slice(2);
if (file === undefined || !(Number(megabytes) >= 1)) {
  process.stderr.write('Usage: node bench/heap-generate.js FILE MEGABYTES\n');
  process.exitCode = 64;
} else if (inside === undefined) {
  const memory = `--max-old-space-size=${Math.max(1024, Number(megabytes) * 4)}`;
  const args = [memory, __filename, file, megabytes, 'inside'];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} else {
  const sessions = new Map();
  let previous = null;
  for (let id = 0; id < (Number(megabytes) * 1e6) / SESSION_BYTES; id += 1) {
    const user = { id, name: `user ${id}`, roles: ['reader', `team ${id % 1000}`] };
    const session = { user, previous, visits: [id, id + 0.5, { at: id }] };
    session.onClose = () => sessions.delete(session.user.id);
    sessions.set(id, session);
    previous = id % 100 === 0 ? null : session;
  }
  v8.writeHeapSnapshot(file);
  if (sessions.size === 0) throw new Error('the sessions must outlive their snapshot');
}
