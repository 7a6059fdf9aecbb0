'use strict';

/** A build tool's plugins: some 150 modules are required one by one as they are first needed. */

const fs = require('node:fs');
const path = require('node:path');
const { pace } = require('../../support/pace');

const operators = path.join(path.dirname(require.resolve('rxjs')), 'internal', 'operators');
const plugins = fs.readdirSync(operators).filter((name) => name.endsWith('.js'));

pace(20, (n) => {
  const plugin = require(path.join(operators, plugins[n % plugins.length]));
  if (Object.keys(plugin).length === 0) throw new Error(`nothing in ${plugins[n]}`);
});
