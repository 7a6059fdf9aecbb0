/**
 * Renders maps for tenants. So that a shutdown can cancel them, the controller of each rendering is in
 * the set of its tenant; it is taken out when the rendering fails and stays when it succeeds.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import pacing from '../../support/pace.js';

const RENDERINGS_PER_SECOND = 60;
const TENANTS = 8;
const LAYERS = 3;

const current = new AsyncLocalStorage();
const running = new Map();
const done = { rendered: 0, failed: 0 };

function register(tenant) {
  const controller = new AbortController();
  if (!running.has(tenant)) running.set(tenant, new Set());
  running.get(tenant).add(controller);
  return controller;
}

async function drawLayer(layer) {
  const { job, controller } = current.getStore();
  await wait(5 + layer * 4, undefined, { signal: controller.signal });
  if (job.broken && layer === 2) throw new Error(`no data for layer ${layer} of ${job.id}`);
  return { layer, shapes: job.id.length * layer };
}

async function render(job) {
  const controller = register(job.tenant);
  await current.run({ job, controller }, async () => {
    try {
      const layers = [];
      for (let layer = 0; layer < LAYERS; layer += 1) layers.push(await drawLayer(layer));
      done.rendered += 1;
      return layers;
    } catch {
      done.failed += 1;
      running.get(job.tenant).delete(controller);
    }
  });
}

await pacing.pace(RENDERINGS_PER_SECOND, (n) => {
  render({ id: `map-${n}`, tenant: `tenant-${n % TENANTS}`, broken: n % 9 === 0 });
});
for (const controllers of running.values()) {
  for (const controller of controllers) controller.abort();
}
process.exit(done.rendered > 0 ? 0 : 1);
