'use strict';

/** Schedules a daily digest for whoever signs in, again each time; no task is ever destroyed. */

const cron = require('node-cron');
const { pace } = require('../../support/pace');

const SIGN_INS_PER_SECOND = 25;

const sent = new Map();

function sendDigest(user) {
  sent.set(user, (sent.get(user) ?? 0) + 1);
}

function signIn(n) {
  const user = `user-${n % 500}`;
  const minute = n % 60;
  const hour = n % 24;
  cron.schedule(`${minute} ${hour} * * *`, () => sendDigest(user));
}

pace(SIGN_INS_PER_SECOND, signIn).then(() => process.exit(0));
