'use strict';

/** Renders jobs, each of which wants to clean up if the process is told to die; none takes that back. */

const { setTimeout: sleep } = require('node:timers/promises');
const onDeath = require('death');
const { pace } = require('../../support/pace');

const JOBS_PER_SECOND = 40;

process.setMaxListeners(0);

class Job {
  constructor(id) {
    this.id = id;
    this.pages = [];
    this.state = 'new';
  }

  async run() {
    onDeath(() => this.discard());
    this.state = 'running';
    for (let page = 0; page < 5; page += 1) {
      await sleep(2);
      this.pages.push(`page ${page} of job ${this.id}`);
    }
    this.state = 'done';
  }

  discard() {
    this.pages.length = 0;
    this.state = 'discarded';
  }
}

pace(JOBS_PER_SECOND, (n) => {
  new Job(n).run();
}).then(() => process.exit(0));
