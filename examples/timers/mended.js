'use strict';

/** The heartbeat ends with the connection: keep what `setInterval()` returns, and clear it. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

receiveTraffic((connection) => {
  const session = { user: connection.user, beats: 0 };
  const beat = () => {
    session.beats += 1;
  };
  const heartbeat = setInterval(beat, 5000);
  connection.once('close', () => clearInterval(heartbeat));
});
