'use strict';

/** Who comes with a request goes with it: `off()` with the same function when it closes. */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { EventEmitter } = require('node:events');
const { receiveTraffic } = require('../traffic');

/** One for the whole process. */
const settings = new EventEmitter();
// As many as there are requests at a time; that is all the limit is good for.
settings.setMaxListeners(100);

receiveTraffic((request) => {
  const page = { url: request.url, theme: 'light' };
  const onTheme = (theme) => {
    page.theme = theme;
  };
  settings.on('theme', onTheme);
  request.once('close', () => settings.off('theme', onTheme));
});
