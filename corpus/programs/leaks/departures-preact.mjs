/**
 * A departure board rendered with Preact into linkedom. Each departure has a countdown with an
 * interval that its effect starts and does not stop; trains leave the board all the time.
 */

import { parseHTML } from 'linkedom';
import { h, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import pacing from '../../support/pace.js';

const DEPARTURES_PER_SECOND = 8;
const ROWS = 6;

const { document } = parseHTML('<html><body><main></main></body></html>');
globalThis.document = document;

function Countdown({ departure }) {
  const [seconds, setSeconds] = useState(600);
  useEffect(() => {
    setInterval(() => setSeconds((left) => Math.max(0, left - 1)), 1_000);
  }, [departure.train]);
  return h('td', null, `${seconds} s`);
}

function Row({ departure }) {
  return h(
    'tr',
    null,
    h('td', null, departure.train),
    h('td', null, departure.to),
    h(Countdown, { departure }),
  );
}

function Board({ departures }) {
  return h(
    'table',
    null,
    departures.map((departure) => h(Row, { key: departure.train, departure })),
  );
}

const towns = ['Gera', 'Jena', 'Halle', 'Erfurt', 'Weimar'];
const stage = document.querySelector('main');
let departures = [];

await pacing.pace(DEPARTURES_PER_SECOND, (n) => {
  departures = [...departures, { train: `RE ${1_000 + n}`, to: towns[n % towns.length] }].slice(
    -ROWS,
  );
  render(h(Board, { departures }), stage);
});
process.exit(0);
