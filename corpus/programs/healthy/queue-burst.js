'use strict';

/** Newsletters through p-queue: thousands are queued at once every four seconds, and all are sent. */

const { default: PQueue } = require('p-queue');
const { SECONDS, pace } = require('../../support/pace');

const LETTERS = 1_500;
const SECONDS_BETWEEN = 4;

const queue = new PQueue({ concurrency: 20 });
/** Those not sent yet, by address. */
const waiting = new Map();

async function send(address) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  waiting.delete(address);
}

function startCampaign(campaign) {
  for (let n = 0; n < LETTERS; n += 1) {
    const address = `reader-${n}@campaign-${campaign}.example`;
    waiting.set(address, { campaign, subject: `Offer ${campaign}` });
    queue.add(() => send(address));
  }
}

async function main() {
  startCampaign('first');
  await pace(1 / SECONDS_BETWEEN, startCampaign);
  await queue.onIdle();
  if (waiting.size > 0) throw new Error(`${waiting.size} letters after ${SECONDS} s`);
}

main();
