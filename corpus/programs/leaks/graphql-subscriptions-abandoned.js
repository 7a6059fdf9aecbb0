'use strict';

/** Live comments by GraphQL subscription: who leaves is forgotten, his iterator is never returned. */

const { EventEmitter } = require('node:events');
const { PubSub } = require('graphql-subscriptions');
const { pace } = require('../../support/pace');

const READERS_PER_SECOND = 60;
const COMMENTS_PER_SECOND = 10;
const STAY_MS = 400;

const comments = new EventEmitter();
comments.setMaxListeners(0);
const pubsub = new PubSub({ eventEmitter: comments });

let delivered = 0;

/** Reads comments as a transport does that looks whether its connection is open before it sends. */
async function serve(reader) {
  const added = pubsub.asyncIterableIterator(['COMMENT_ADDED']);
  while (reader.open) {
    await added.next();
    if (reader.open) delivered += 1;
  }
}

setInterval(() => {
  pubsub.publish('COMMENT_ADDED', { author: 'ann', text: `comment after ${delivered}` });
}, 1000 / COMMENTS_PER_SECOND);

pace(READERS_PER_SECOND, (n) => {
  const reader = { id: n, open: true };
  setTimeout(() => {
    reader.open = false;
  }, STAY_MS);
  serve(reader);
}).then(() => process.exit(0));
