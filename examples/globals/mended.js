'use strict';

/** A name of this module instead of a global one, and no more than anybody will look at. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

const MAX_LOGGED = 100;

const requestLog = [];

receiveTraffic(({ id, user, url }) => {
  const steps = Array.from({ length: 200 }, (_, step) => ({ step, atMs: performance.now() }));
  requestLog.push({ id, user, url, steps });
  if (requestLog.length > MAX_LOGGED) requestLog.shift();
});
