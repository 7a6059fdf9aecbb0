'use strict';

/** Every request listens to something that outlives it, and never stops listening. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { EventEmitter } = require('node:events');
const { receiveTraffic } = require('../traffic');

/** One for the whole process. */
const settings = new EventEmitter();
// Silences Node's warning at 11 listeners, not the leak.
settings.setMaxListeners(0);

receiveTraffic((request) => {
  const page = { url: request.url, theme: 'light' };
  const onTheme = (theme) => {
    page.theme = theme;
  };
  // leak: the list of listeners grows by one per request, and each keeps its page alive
  settings.on('theme', onTheme);
});
