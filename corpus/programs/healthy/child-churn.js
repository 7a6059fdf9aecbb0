'use strict';

/** A hook runner: each hook is a child process that reads its input, answers and ends. */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { text } = require('node:stream/consumers');
const { pace } = require('../../support/pace');

const open = new Set();

async function runHook(n) {
  const hook = spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = once(hook, 'close');
  hook.stdin.end(JSON.stringify({ n, files: ['a.js', 'b.js'] }));
  const answer = JSON.parse(await text(hook.stdout));
  const [code] = await end;
  if (code !== 0 || answer.n !== n) throw new Error(`hook ${n} ended with ${code}`);
}

async function main() {
  await pace(10, (n) => {
    const hook = runHook(n).finally(() => open.delete(hook));
    open.add(hook);
  });
  await Promise.all(open);
}

main();
