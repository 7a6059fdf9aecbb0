'use strict';

/** A fleet's gateway: a large table and a thousand intervals, all made at start and used ever since. */

const { EventEmitter } = require('node:events');
const { pace } = require('../../support/pace');

const POSTCODES = 120_000;
const TRUCKS = 1_000;

const towns = new Map();
for (let code = 0; code < POSTCODES; code += 1)
  towns.set(code, { code, town: `Town ${code % 800}` });

const dispatch = new EventEmitter();
dispatch.setMaxListeners(0);
const trucks = Array.from({ length: TRUCKS }, (_, id) => ({ id, town: null, jobs: 0 }));

for (const truck of trucks) {
  truck.heartbeat = setInterval(() => {
    truck.town = towns.get((truck.id * 97 + truck.jobs) % POSTCODES).town;
  }, 1_000);
  dispatch.on('job', (id) => {
    if (id % TRUCKS === truck.id) truck.jobs += 1;
  });
}

async function main() {
  await pace(50, (n) => dispatch.emit('job', n));
  for (const { heartbeat } of trucks) clearInterval(heartbeat);
}

main();
