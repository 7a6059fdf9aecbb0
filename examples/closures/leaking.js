'use strict';

/**
 * A chain of closures. All functions made in one call share one scope object, which keeps every
 * variable that any of them uses. So a short-lived helper makes its long-lived neighbour hold on to
 * things that the neighbour never mentions.
 */

require('leakguard').start({ interval: '50ms', sensitivity: 'high' });
const { receiveTraffic } = require('../traffic');

let latest = { rows: [], name: () => 'none' };

/** @param {number} id */
function readRows(id) {
  return Array.from({ length: 500 + (id % 2) }, (_, row) => ({ id, row }));
}

receiveTraffic(({ id }) => {
  const before = latest;
  const rows = readRows(id);
  const hasChanged = () => rows.length !== before.rows.length;
  // leak: name() lives as long as `latest` and shares its scope with hasChanged(), which uses
  // `before`; that one's name() keeps the one before it, and so on back to the first
  if (hasChanged()) latest = { rows, name: () => `state ${id}` };
});
