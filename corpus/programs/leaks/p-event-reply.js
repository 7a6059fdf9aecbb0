'use strict';

/** Waits with p-event for the reply to each message; one reply in three is lost, and no wait has a timeout. */

const { EventEmitter } = require('node:events');
const pEvent = require('p-event');
const { pace } = require('../../support/pace');

const MESSAGES_PER_SECOND = 150;

const replies = new EventEmitter();
replies.setMaxListeners(0);
let answered = 0;

/** The other side: takes a moment and sometimes says nothing. */
function deliver(message) {
  if (message.id % 3 === 0) return;
  setTimeout(() => replies.emit(`reply:${message.id}`, { to: message.id, ok: true }), 10);
}

async function send(message) {
  deliver(message);
  const { ok } = await pEvent(replies, `reply:${message.id}`);
  if (ok) answered += 1;
}

pace(MESSAGES_PER_SECOND, (n) => {
  send({ id: n, text: `message ${n} after ${answered} answers` });
}).then(() => process.exit(0));
