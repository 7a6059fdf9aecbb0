'use strict';

/**
 * Subtitles are timed by one thread that lives on. Each film sends it a port to answer on, and neither
 * side closes its end when the last answer is there.
 */

const { once } = require('node:events');
const { MessageChannel, Worker, isMainThread, parentPort } = require('node:worker_threads');
const { pace } = require('../../support/pace');

const FILMS_PER_SECOND = 10;
const LINES = 40;

function time(lines) {
  let at = 0;
  return lines.map((line) => {
    const from = at;
    at += 400 + line.length * 55;
    return { line, from, to: at };
  });
}

function work() {
  parentPort.on('message', ({ lines, port }) => {
    port.postMessage(time(lines));
  });
}

async function subtitle(worker, film) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ lines: film.lines, port: port2 }, [port2]);
  const [timed] = await once(port1, 'message');
  return timed.at(-1).to;
}

async function main() {
  const worker = new Worker(__filename);
  const finished = { films: 0, ms: 0 };
  await pace(FILMS_PER_SECOND, async (n) => {
    const lines = Array.from({ length: LINES }, (_, line) => `Scene ${n}, line ${line} `.repeat(2));
    finished.ms += await subtitle(worker, { id: `film-${n}`, lines });
    finished.films += 1;
  });
  process.exit(finished.films > 0 ? 0 : 1);
}

if (isMainThread) main();
else work();
