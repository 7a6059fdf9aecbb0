'use strict';

/**
 * A day of ticks, as fast as they come, over a process that works: what leakguard keeps must not
 * depend on how long it has been there. The heap and the resident memory are compared between the sixth
 * hour and the last. The young generation has its full size from the start: V8 enlarges it with all that
 * ever survived a scavenge, so that a process without leakguard drifts by more than is looked for here.
 */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { ROOT, onReferenceOnly, runNode } = require('./child');

const HOURS = 24;
const TICKS_PER_HOUR = 3600;
const TICKS_PER_ROUND = 300;
/** The part of the day that is warm-up. */
const WARM_HOURS = 6;
/** As in the soak tests: a page or two of V8's. */
const ALLOWANCE_BYTES = 1_048_576;
/** MiB; the default of V8. */
const SEMI_SPACE = 16;
/** It takes one minute where nothing else runs. */
const TIME_LIMIT_MS = 360_000;
/** Twice of what `docs/figures.md` promises: the allocator has a say. */
const MAX_DRIFT = 0.02;

test('a day of ticks and rounds leaves nothing behind', { skip: onReferenceOnly }, async (t) => {
  const args = [
    '--expose-gc',
    `--min-semi-space-size=${SEMI_SPACE}`,
    `--max-semi-space-size=${SEMI_SPACE}`,
    '-e',
    `const { setImmediate: turn } = require('node:timers/promises');
    const { EventEmitter } = require('node:events');
    const leakguard = require(${JSON.stringify(ROOT)});
    const { kInstance } = require(${JSON.stringify(`${ROOT}/lib/symbols.js`)});
    // Its own ticks come once an hour; those of the day are made here.
    const never = '1h';
    leakguard.start({ level: 'survivors', interval: never, survivors: never, warn: false });
    const channel = require('node:diagnostics_channel').channel('leakguard:finding');
    const monitor = channel[kInstance];
    const bus = new EventEmitter().setMaxListeners(0);
    for (let count = 0; count < 20; count += 1) bus.on('tick', () => {});
    const sessions = new Map();
    let number = 0;
    const work = () => {
      const listener = () => {};
      bus.on('tick', listener);
      for (let count = 0; count < 5; count += 1) sessions.set(number += 1, { number });
      for (const key of sessions.keys()) {
        if (sessions.size <= 2000) break;
        sessions.delete(key);
      }
      clearTimeout(setTimeout(() => {}, 60_000));
      bus.off('tick', listener);
    };
    const measure = async () => {
      await turn();
      gc();
      await turn();
      gc();
      const { heapUsed, external, rss } = process.memoryUsage();
      return { used: heapUsed + external, rss, ledger: leakguard.report().ledger.bytes };
    };
    (async () => {
      const measured = [];
      for (let hour = 1; hour <= ${HOURS}; hour += 1) {
        for (let tick = 0; tick < ${TICKS_PER_HOUR}; tick += 1) {
          work();
          monitor.run.tick();
          for (const shim of monitor.shims) shim.tick();
          // What a WeakRef was asked for lives until the turn is over.
          await turn();
          if (tick % ${TICKS_PER_ROUND} === 0) monitor.run.survivors.round();
        }
        if (hour >= ${WARM_HOURS}) measured.push(await measure());
      }
      leakguard.stop();
      require('node:fs').writeSync(1, JSON.stringify(measured));
    })();`,
  ];
  const { code, stdout, stderr } = await runNode(args, { timeLimitMs: TIME_LIMIT_MS });
  assert.deepEqual([code, stderr], [0, '']);
  /** @type {{ used: number, rss: number, ledger: number }[]} */
  const measured = JSON.parse(stdout);
  const [first, last] = [measured[0], measured[measured.length - 1]];
  const [from, to] = [first, last].map(({ rss }) => (rss / 2 ** 20).toFixed(1));
  const drift = last.rss / first.rss - 1;
  t.diagnostic(`resident ${from} to ${to} MiB, ${(drift * 100).toFixed(2)} %`);
  assert.ok(drift < MAX_DRIFT, `resident ${from} to ${to} MiB`);
  assert.equal(last.ledger, first.ledger);
  const growth = last.used - first.used;
  assert.ok(growth < ALLOWANCE_BYTES, `grew by ${growth} bytes from hour ${WARM_HOURS} on`);
});
