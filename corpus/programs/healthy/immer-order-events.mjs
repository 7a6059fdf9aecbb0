/** Orders as events, applied by immer: after 20 events a snapshot replaces them; 25 tables are served over and over. */

import { enableMapSet, enablePatches, produce, produceWithPatches } from 'immer';
import pacing from '../../support/pace.js';

enableMapSet();
enablePatches();

const TABLES = 25;
const SNAPSHOT_EACH = 20;
const UNDO_STEPS = 10;

const reduce = produce((order, event) => {
  if (event.kind === 'dish') order.dishes.set(event.dish, (order.dishes.get(event.dish) ?? 0) + 1);
  else if (event.kind === 'guest') order.guests.add(event.guest);
  else if (event.kind === 'paid') {
    order.dishes.clear();
    order.guests.clear();
    order.visits += 1;
  }
});

const empty = () => ({ snapshot: { dishes: new Map(), guests: new Set(), visits: 0 }, events: [] });
const streams = Array.from({ length: TABLES }, empty);
let floor = { open: {}, since: 0 };
const undo = [];

const current = ({ snapshot, events }) => events.reduce(reduce, snapshot);

function append(stream, event) {
  stream.events.push(event);
  if (stream.events.length < SNAPSHOT_EACH) return;
  stream.snapshot = current(stream);
  stream.events = [];
}

function nextEvent(n) {
  const round = Math.floor(n / TABLES) % 8;
  if (round === 7) return { kind: 'paid', at: n };
  if (round === 0) return { kind: 'guest', guest: `guest ${n}`, at: n };
  return { kind: 'dish', dish: `dish ${(n * 13) % 45}`, at: n, note: `no onions ${n}` };
}

await pacing.pace(200, (n) => {
  const table = n % TABLES;
  append(streams[table], nextEvent(n));
  if (n % 4 !== 0) return;
  const { dishes } = current(streams[table]);
  const [next, , back] = produceWithPatches(floor, (draft) => {
    draft.open[table] = dishes.size;
    draft.since = n;
  });
  floor = next;
  undo.push(back);
  if (undo.length > UNDO_STEPS) undo.shift();
});
