'use strict';

/** Reports, each rendered by a worker thread of its own that ends when it is done. */

const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { pace } = require('../../support/pace');

const RENDER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const lines = Array.from({ length: workerData.lines }, (_, n) => 'line ' + n);
  parentPort.postMessage({ id: workerData.id, text: lines.join('\\n') });
`;

const open = new Set();

async function render(id) {
  const worker = new Worker(RENDER, { eval: true, workerData: { id, lines: 500 } });
  const exit = once(worker, 'exit');
  const [page] = await once(worker, 'message');
  await exit;
  return page;
}

async function main() {
  await pace(3, (id) => {
    const page = render(id).finally(() => open.delete(page));
    open.add(page);
  });
  await Promise.all(open);
}

main();
