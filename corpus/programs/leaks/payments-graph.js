'use strict';

/**
 * Looks for rings among payments. The payments of the last minutes are the edges of a graph; edges
 * that are too old are dropped, the accounts at their ends, which are seldom seen again, are not.
 */

const { DirectedGraph } = require('graphology');
const { pace } = require('../../support/pace');

const PAYMENTS_PER_SECOND = 50;
const WINDOW = 200;

class RingWatch {
  constructor() {
    this.graph = new DirectedGraph();
    this.window = [];
    this.rings = 0;
  }

  account(iban) {
    this.graph.mergeNode(iban, { bank: iban.slice(4, 8), seen: Date.now() });
  }

  pay({ from, to, amount }) {
    this.account(from);
    this.account(to);
    if (this.graph.hasEdge(from, to)) return;
    this.window.push(this.graph.addEdge(from, to, { amount }));
    if (this.window.length > WINDOW) this.graph.dropEdge(this.window.shift());
    if (this.closesRing(from, to)) this.rings += 1;
  }

  closesRing(from, to) {
    return this.graph
      .outNeighbors(to)
      .some((next) => next === from || this.graph.hasEdge(next, from));
  }
}

const watch = new RingWatch();

function iban(n) {
  return `DE${10 + (n % 89)}${String(1_000 + (n % 40))}${String(n).padStart(14, '0')}`;
}

pace(PAYMENTS_PER_SECOND, (n) => {
  watch.pay({
    from: iban(2 * n),
    to: n % 3 === 0 ? iban(n % 60) : iban(2 * n + 1),
    amount: n % 500,
  });
});
