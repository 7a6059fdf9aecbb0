'use strict';

/**
 * Ships in a harbour in crossfilter: those that have left are removed, and the group of each view, with
 * the filter that it sets, is disposed of when the view is closed.
 */

const crossfilter = require('crossfilter2');
const { pace } = require('../../support/pace');

const VIEWS_PER_SECOND = 10;
const VIEW_MS = 600;
const SHIPS_EVERY_MS = 150;
const SHIPS_AT_ONCE = 8;
const KEEP_SHIPS = 250;
const FLAGS = ['NO', 'PA', 'LR', 'MT', 'DK', 'GR'];

const ships = crossfilter([]);
const byFlag = ships.dimension(({ flag }) => flag);
const byTons = ships.dimension(({ tons }) => tons);
const byBerth = ships.dimension(({ berth }) => berth);
const fleet = ships.groupAll().reduceSum(({ tons }) => tons);
let number = 0;

function arrive() {
  const records = Array.from({ length: SHIPS_AT_ONCE }, () => {
    number += 1;
    return {
      number,
      name: `ship-${number}`,
      flag: FLAGS[number % FLAGS.length],
      berth: number % 18,
      tons: 2000 + ((number * 331) % 90_000),
    };
  });
  ships.add(records);
  ships.remove((ship) => ship.number <= number - KEEP_SHIPS);
}

function openView(n) {
  const group =
    n % 2 === 0
      ? byFlag.group().reduceSum(({ tons }) => tons)
      : byTons.group((tons) => Math.floor(tons / 10_000)).reduceCount();
  byBerth.filterRange([n % 9, 9 + (n % 9)]);
  return { rows: () => group.top(4), close: () => group.dispose() };
}

async function main() {
  let rows = 0;
  const harbour = setInterval(arrive, SHIPS_EVERY_MS);
  arrive();
  await pace(VIEWS_PER_SECOND, (n) => {
    const view = openView(n);
    rows += view.rows().length;
    setTimeout(() => {
      rows += view.rows().length;
      view.close();
      byBerth.filterAll();
    }, VIEW_MS);
  });
  clearInterval(harbour);
  process.exit(rows > 0 && fleet.value() >= 0 ? 0 : 1);
}

main();
