/** Event sourcing with immer: ten ledgers, each with a snapshot, the events since then and the last eight versions to go back to. */

import { applyPatches, enablePatches, freeze, produce, produceWithPatches } from 'immer';
import pacing from '../../support/pace.js';

enablePatches();

const LEDGERS = 10;
const SNAPSHOT_EVERY = 30;
const VERSIONS = 8;
const ENTRIES = 12;

const empty = () =>
  freeze({ balance: 0, entries: [], byPurpose: { rent: 0, food: 0, travel: 0 } }, true);

const apply = (state, event) =>
  produceWithPatches(state, (draft) => {
    draft.balance += event.amount;
    draft.byPurpose[event.purpose] += event.amount;
    draft.entries.push(event);
    // A statement shows the last entries and no others.
    if (draft.entries.length > ENTRIES) draft.entries.shift();
  });

class Ledger {
  #snapshot = empty();
  #log = [];
  #state = this.#snapshot;
  #inverse = [];

  record(event) {
    const [next, , inverse] = apply(this.#state, event);
    this.#state = next;
    this.#log.push(event);
    this.#inverse.push(inverse);
    if (this.#inverse.length > VERSIONS) this.#inverse.shift();
    if (this.#log.length < SNAPSHOT_EVERY) return;
    this.#snapshot = this.#state;
    this.#log = [];
  }

  /** The state before the last `steps` events; only looked at. */
  before(steps) {
    return this.#inverse
      .slice(-steps)
      .reverse()
      .reduce((state, patches) => applyPatches(state, patches), this.#state);
  }

  replay() {
    return this.#log.reduce((state, event) => apply(state, event)[0], this.#snapshot);
  }

  get balance() {
    return this.#state.balance;
  }
}

const ledgers = Array.from({ length: LEDGERS }, () => new Ledger());
const purposes = ['rent', 'food', 'travel'];
let overview = freeze({ audited: 0, wrong: 0 });

await pacing.pace(120, (n) => {
  const ledger = ledgers[Math.floor(Math.random() * LEDGERS)];
  ledger.record({ n, amount: ((n * 37) % 200) - 99, purpose: purposes[n % 3], at: new Date() });
  if (n % 10 === 0) ledger.before(1 + (n % VERSIONS));
  if (n % 25 === 0) {
    const right = ledger.replay().balance === ledger.balance;
    overview = produce(overview, (draft) => {
      draft.audited += 1;
      if (!right) draft.wrong += 1;
    });
  }
});
if (overview.wrong > 0) process.exitCode = 1;
