#!/usr/bin/env node
'use strict';

/**
 * `node bench/heap-generate.js FILE MEGABYTES`: a heap snapshot of about so many MB, of what services keep.
 * A service of that size is made in a process of its own, with the memory that it takes.
 */

const { spawnSync } = require('node:child_process');
const v8 = require('node:v8');
const { createSessions } = require('./sessions');

const [file, megabytes, inside] = process.argv.slice(2);
if (file === undefined || !(Number(megabytes) >= 1)) {
  process.stderr.write('Usage: node bench/heap-generate.js FILE MEGABYTES\n');
  process.exitCode = 64;
} else if (inside === undefined) {
  const memory = `--max-old-space-size=${Math.max(1024, Number(megabytes) * 4)}`;
  const args = [memory, __filename, file, megabytes, 'inside'];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} else {
  const sessions = createSessions(Number(megabytes));
  v8.writeHeapSnapshot(file);
  if (sessions.size === 0) throw new Error('the sessions must outlive their snapshot');
}
