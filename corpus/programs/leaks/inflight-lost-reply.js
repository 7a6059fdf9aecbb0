'use strict';

/** Joins equal requests by inflight; where the reply is lost, the key and its callbacks stay for ever. */

const inflight = require('inflight');
const { pace } = require('../../support/pace');

const REQUESTS_PER_SECOND = 200;

let answered = 0;

/** The back end: one reply in two is lost on its way. */
function ask(key, callback) {
  if (key % 2 === 0) return;
  setTimeout(() => callback(null, { key, rows: 3 }), 5);
}

function read(request, callback) {
  const reply = inflight(`record:${request.key}`, (error, record) => {
    callback(error, { ...record, user: request.user });
  });
  if (reply !== null) ask(request.key, reply);
}

pace(REQUESTS_PER_SECOND, (n) => {
  const request = {
    key: Math.floor(n / 2),
    user: `user-${n}`,
    headers: { accept: 'application/json', 'x-request-id': `${n}` },
  };
  read(request, (error) => {
    if (error !== null) throw error;
    answered += request.headers.accept.length > 0 ? 1 : 0;
  });
}).then(() => process.exit(answered > 0 ? 0 : 1));
