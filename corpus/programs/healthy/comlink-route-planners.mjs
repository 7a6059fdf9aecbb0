/** Routes by comlink: two threads for the whole run; each call brings a callback for progress, which is released after it. */

import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as Comlink from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import pacing from '../../support/pace.js';

const THREADS = 2;

/** What a thread offers. */
const planner = {
  async plan(stops, onProgress) {
    const left = [...stops];
    const route = [left.shift()];
    while (left.length > 0) {
      const here = route.at(-1);
      left.sort(
        (a, b) => Math.hypot(a.x - here.x, a.y - here.y) - Math.hypot(b.x - here.x, b.y - here.y),
      );
      route.push(left.shift());
      if (left.length % 10 === 0) await onProgress(route.length / stops.length);
    }
    onProgress[Comlink.releaseProxy]();
    return route;
  },
};

async function main() {
  const workers = Array.from({ length: THREADS }, () => new Worker(fileURLToPath(import.meta.url)));
  const planners = workers.map((worker) => Comlink.wrap(nodeEndpoint(worker)));
  const progress = { calls: 0, routes: 0 };

  async function plan(n) {
    const stops = Array.from({ length: 30 }, (_, at) => ({
      x: (n * at) % 97,
      y: (n + at * 31) % 89,
    }));
    await planners[n % THREADS].plan(
      stops,
      Comlink.proxy(() => {
        progress.calls += 1;
      }),
    );
    progress.routes += 1;
  }

  const open = new Set();
  await pacing.pace(20, (n) => {
    const planning = plan(n).finally(() => open.delete(planning));
    open.add(planning);
  });
  await Promise.all(open);
  await Promise.all(workers.map((worker) => worker.terminate()));
}

if (isMainThread) await main();
else Comlink.expose(planner, nodeEndpoint(parentPort));
