'use strict';

/** Milliseconds of a tick with a full ledger, as JSON on standard output. */

const { EventEmitter } = require('node:events');
const leakguard = require('..');

const TICKS = 40;
/** The default patience: from here on subjects are judged, as they are in a service that runs. */
const FIRST_TICK = 60;
const LISTENERS = 20;

leakguard.start({ interval: '25ms', warn: false });

const { capacity } = leakguard.report().ledger;
const emitters = Array.from({ length: capacity }, () => new EventEmitter().setMaxListeners(0));
for (const emitter of emitters) {
  for (let i = 0; i < LISTENERS; i += 1) emitter.on('tick', () => {});
}

/** @type {number[]} */
const ticks = [];
let last = leakguard.report().ticks;
const timer = setInterval(() => {
  const report = leakguard.report();
  if (report.ticks > last && report.ticks > FIRST_TICK) ticks.push(report.overhead.lastTickMs);
  last = report.ticks;
  if (ticks.length < TICKS) return;
  clearInterval(timer);
  ticks.sort((a, b) => a - b);
  const tracked = report.ledger.tracked;
  process.stdout.write(
    `${JSON.stringify({ tracked, best: ticks[0], median: ticks[TICKS / 2], worst: ticks[TICKS - 1], emitters: emitters.length })}\n`,
  );
}, 20);
