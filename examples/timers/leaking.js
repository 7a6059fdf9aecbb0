'use strict';

/** Every connection gets a heartbeat that nobody stops when the connection is closed. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

receiveTraffic((connection) => {
  const session = { user: connection.user, beats: 0 };
  const beat = () => {
    session.beats += 1;
  };
  // leak: what setInterval() returns is thrown away, so nothing can ever clear it
  setInterval(beat, 5000);
});
