/** Word counts on tinypool: in waves, so that threads are started when work comes and end when it stops. */

import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { Tinypool } from 'tinypool';
import pacing from '../../support/pace.js';

const WORDS = ['leaf', 'tree', 'root', 'branch', 'seed', 'bark', 'twig'];

/** What a thread does. */
export default function countWords({ id, text }) {
  const counts = {};
  for (const word of text.split(' ')) counts[word] = (counts[word] ?? 0) + 1;
  return { id, counts };
}

function writeText(n) {
  return Array.from({ length: 4_000 }, (_, at) => WORDS[(at * (n + 3)) % WORDS.length]).join(' ');
}

async function main() {
  const pool = new Tinypool({
    filename: fileURLToPath(import.meta.url),
    minThreads: 1,
    maxThreads: 3,
    idleTimeout: 300,
  });
  const open = new Map();
  const totals = { texts: 0, cancelled: 0 };

  async function count(id) {
    const given = new AbortController();
    // Every twelfth reader leaves before the answer is there.
    const leaving = id % 12 === 0 ? setTimeout(() => given.abort(), 1) : undefined;
    try {
      await pool.run({ id, text: writeText(id) }, { signal: given.signal });
      totals.texts += 1;
    } catch (error) {
      // On a busy machine the pool may end an idle thread that has just been given a text.
      if (error.name !== 'AbortError' && !/^Terminating/.test(error.message)) throw error;
      totals.cancelled += 1;
    } finally {
      clearTimeout(leaving);
      open.delete(id);
    }
  }

  await pacing.pace(
    (share) => 24 * Math.max(0, Math.sin(share * 10 * Math.PI)),
    (id) => open.set(id, count(id)),
  );
  await Promise.all(open.values());
  await pool.destroy();
}

if (isMainThread) await main();
