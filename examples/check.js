'use strict';

// A scenario that leaks and the same one mended, each checked in rounds: node examples/check.js

const { EventEmitter } = require('node:events');
const leakguard = require('leakguard');

const prices = new EventEmitter().setMaxListeners(0);

/** Opens a chart, and closes it without a word to the prices. */
function leaking() {
  const chart = { points: [], open: true };
  // leak: the listener stays, and with it the chart
  prices.on('change', (price) => chart.points.push(price));
  prices.emit('change', 100);
  chart.open = false;
}

function mended() {
  const chart = { points: [], open: true };
  const draw = (price) => chart.points.push(price);
  prices.on('change', draw);
  prices.emit('change', 100);
  chart.open = false;
  prices.off('change', draw);
}

async function main() {
  leakguard.assertNoLeaks(await leakguard.check(mended));
  console.log('mended: no leak');
  leakguard.assertNoLeaks(await leakguard.check(leaking));
}

main().catch((error) => {
  console.log(`leaking: ${error.message}`);
  process.exitCode = 1;
});
