'use strict';

/** Wind turbines as kefir streams with sliding windows; their last 400 readings are in a ring buffer of mnemonist. */

const Kefir = require('kefir');
const { CircularBuffer } = require('mnemonist');
const { pace } = require('../../support/pace');

const TURBINES = 12;
const WATCH_MS = 800;

const recent = new CircularBuffer(Array, 400);
const alarms = { count: 0, watched: 0 };

function farm() {
  const pool = Kefir.pool();
  const emitters = [];
  for (let turbine = 0; turbine < TURBINES; turbine += 1) {
    pool.plug(
      Kefir.stream((emitter) => {
        emitters[turbine] = emitter;
      }),
    );
  }
  return { pool, emitters };
}

/** An engineer looks at one turbine for a while. */
function watch(pool, turbine) {
  const subscription = pool
    .filter((reading) => reading.turbine === turbine)
    .slidingWindow(10, 2)
    .map((window) => window.reduce((sum, { rpm }) => sum + rpm, 0) / window.length)
    .skipDuplicates()
    .takeUntilBy(Kefir.later(WATCH_MS))
    .observe({
      value: () => {
        alarms.watched += 1;
      },
    });
  return subscription;
}

async function main() {
  const { pool, emitters } = farm();
  const storing = pool.observe({ value: (reading) => recent.push(reading) });
  const alarming = pool
    .bufferWithTimeOrCount(500, 50)
    .map((batch) => batch.filter(({ rpm }) => rpm > 17))
    .observe({ value: (high) => (alarms.count += high.length) });
  await pace(200, (n) => {
    const turbine = n % TURBINES;
    emitters[turbine].value({ turbine, rpm: 8 + (n % 11), blade: [n % 3, n % 5], at: Date.now() });
    if (n % 20 !== 0) return;
    const watching = watch(pool, (n / 20) % TURBINES);
    // Every other one is called away before the end.
    if (n % 40 === 0) setTimeout(() => watching.unsubscribe(), WATCH_MS / 2);
  });
  storing.unsubscribe();
  alarming.unsubscribe();
}

main();
