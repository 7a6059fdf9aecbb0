'use strict';

/** A dashboard's streams in rxjs: views subscribe to shared prices and end after a second or ten ticks. */

const {
  Subject,
  bufferCount,
  filter,
  interval,
  map,
  share,
  take,
  takeUntil,
  timer,
} = require('rxjs');
const { pace } = require('../../support/pace');

const SYMBOLS = 40;
const VIEW_MS = 1_000;

const prices = new Subject();
const averages = prices.pipe(
  bufferCount(20),
  map((last) => last.reduce((sum, { price }) => sum + price, 0) / last.length),
  share(),
);
const drawn = { prices: 0, averages: 0, clocks: 0 };

function openView(n) {
  const closed = timer(VIEW_MS);
  prices
    .pipe(
      filter(({ symbol }) => symbol === n % SYMBOLS),
      takeUntil(closed),
    )
    .subscribe(() => {
      drawn.prices += 1;
    });
  averages.pipe(take(10)).subscribe(() => {
    drawn.averages += 1;
  });
  const clock = interval(100).subscribe(() => {
    drawn.clocks += 1;
  });
  closed.subscribe(() => clock.unsubscribe());
}

async function main() {
  const feed = interval(5).subscribe((n) => {
    prices.next({ symbol: n % SYMBOLS, price: 100 + Math.sin(n) });
  });
  await pace(100, openView);
  feed.unsubscribe();
  prices.complete();
}

main();
