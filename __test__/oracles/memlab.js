'use strict';

/**
 * `node memlab.js FILE`: every node of a heap snapshot as memlab sees it, a line each: id, own size, what it retains,
 * the id of its dominator, kind, and name as JSON, with tabs between them.
 */

const { TraceFinder, config, utils } = require('@memlab/core');

async function main() {
  config.muteConsole = true;
  const snapshot = await utils.getSnapshotFromFile(process.argv[2], { buildNodeIdIndex: false });
  new TraceFinder().calculateAllNodesRetainedSizes(snapshot);
  /** @type {string[]} */
  const lines = [];
  snapshot.nodes.forEach((node) => {
    const { id, self_size, retainedSize, dominatorNode, type, name } = node;
    const columns = [id, self_size, retainedSize, dominatorNode?.id, type, JSON.stringify(name)];
    lines.push(columns.join('\t'));
  });
  process.stdout.write(lines.join('\n'));
}

void main();
