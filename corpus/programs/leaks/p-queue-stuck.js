'use strict';

/** Sends mails through a p-queue; a connection in twenty hangs for ever and takes a place with it. */

const { setTimeout: sleep } = require('node:timers/promises');
const { default: PQueue } = require('p-queue');
const { pace } = require('../../support/pace');

const MAILS_PER_SECOND = 120;

const queue = new PQueue({ concurrency: 8 });
let sent = 0;

function deliver(mail) {
  if (mail.id % 20 === 0) return new Promise(() => {});
  return sleep(5, mail);
}

async function send(mail) {
  const delivered = await queue.add(() => deliver(mail));
  sent += delivered.to.length;
}

pace(MAILS_PER_SECOND, (n) => {
  send({ id: n, to: [`customer-${n}`], subject: `Your order ${n}`, lines: ['thank you', `${n}`] });
}).then(() => process.exit(sent > 0 ? 0 : 1));
