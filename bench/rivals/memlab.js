'use strict';

/** `node memlab.js FILE`: the same as `leakguard FILE`, by memlab, without the shortest paths that it looks for besides. */

const path = require('node:path');
const { createRequire } = require('node:module');

const ORACLES = path.join(__dirname, '../../__test__/oracles/package.json');
const { TraceFinder, config, utils } = createRequire(ORACLES)('@memlab/core');

async function main() {
  config.muteConsole = true;
  const snapshot = await utils.getSnapshotFromFile(process.argv[2], { buildNodeIdIndex: false });
  new TraceFinder().calculateAllNodesRetainedSizes(snapshot);
  const root = snapshot.nodes.get(0);
  process.stdout.write(`${snapshot.nodes.length} ${root?.retainedSize}\n`);
}

void main();
