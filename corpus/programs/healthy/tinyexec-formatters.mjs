/** Snippets checked by a process of their own that tinyexec starts; one that takes too long is ended. */

import { x } from 'tinyexec';
import pacing from '../../support/pace.js';

const SNIPPETS_PER_SECOND = 3;
const PATIENCE_MS = 600;
const KEEP_RESULTS = 10;

const CHECK = `
  const text = process.argv[1];
  if (text.includes('slow')) setTimeout(() => {}, 60_000);
  for (const line of text.split(';')) console.log(line.trim().length, line.trim());
`;

const results = [];

async function check(n) {
  const text = `const a = ${n}; let b = a * 2; ${n % 8 === 7 ? 'slow()' : 'quick()'}`;
  const run = x(process.execPath, ['-e', CHECK, text], { timeout: PATIENCE_MS });
  const lines = [];
  try {
    for await (const line of run) lines.push(line);
  } catch {
    lines.push('no answer in time');
  }
  results.push({ n, lines, killed: run.killed });
  if (results.length > KEEP_RESULTS) results.shift();
}

const running = new Set();

await pacing.pace(SNIPPETS_PER_SECOND, (n) => {
  const one = check(n).finally(() => running.delete(one));
  running.add(one);
});
await Promise.all(running);
