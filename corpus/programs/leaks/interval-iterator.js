'use strict';

/** Watches each build with an async interval; the loop goes on when the build is over. */

const { setInterval: ticks } = require('node:timers/promises');
const { pace } = require('../../support/pace');

const BUILDS_PER_SECOND = 20;
const LOOK_MS = 1000;
const BUILD_MS = 500;

let finished = 0;

class Build {
  constructor(id) {
    this.id = id;
    this.log = Array.from({ length: 20 }, (_, step) => `build ${id}, step ${step}`);
    this.done = false;
    setTimeout(() => {
      this.done = true;
    }, BUILD_MS);
  }
}

async function watch(build) {
  let reported = false;
  for await (const now of ticks(LOOK_MS, Date.now)) {
    if (!build.done || reported) continue;
    reported = true;
    finished += 1;
    build.log.push(`seen at ${now()}, number ${finished}`);
  }
}

pace(BUILDS_PER_SECOND, (n) => {
  watch(new Build(n));
}).then(() => process.exit(0));
