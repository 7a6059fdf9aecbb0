/**
 * An API on hono whose exports stop at shutdown: who asks for an archived year gets an answer before
 * the listener is taken off the shutdown signal.
 */

import { once, setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { lru } from 'tiny-lru';
import visitors from '../../support/visitors.js';

const REQUESTS_PER_SECOND = 200;
const FIRST_YEAR_KEPT = 2020;

const shutdown = new AbortController();
setMaxListeners(0, shutdown.signal);

const customers = lru(300);

async function findCustomer(id) {
  let customer = customers.get(id);
  if (customer === undefined) {
    await sleep(4);
    customer = { id, name: `Customer ${id}`, since: 2019 + (Number(id) % 5) };
    customers.set(id, customer);
  }
  return customer;
}

class Export {
  rows = [];
  cancelled = false;

  constructor(customer, year) {
    this.customer = customer;
    this.year = year;
  }

  cancel = () => {
    this.cancelled = true;
    this.rows.length = 0;
  };

  async run() {
    for (let month = 1; month <= 12 && !this.cancelled; month += 1) {
      this.rows.push({ month, total: (month * 37 * this.customer.name.length) % 1009 });
      if (month % 4 === 0) await new Promise(setImmediate);
    }
    return this.rows;
  }
}

const app = new Hono();

app.get('/customers/:id', async (c) => c.json(await findCustomer(c.req.param('id'))));

app.get('/exports/:id/:year', async (c) => {
  const customer = await findCustomer(c.req.param('id'));
  const year = Number(c.req.param('year'));
  const job = new Export(customer, year);
  shutdown.signal.addEventListener('abort', job.cancel);
  if (year < FIRST_YEAR_KEPT) return c.json({ archived: true, year });
  const rows = await job.run();
  shutdown.signal.removeEventListener('abort', job.cancel);
  return c.json({ year, rows });
});

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
if (!server.listening) await once(server, 'listening');
await visitors.visit(`http://127.0.0.1:${server.address().port}`, {
  perSecond: REQUESTS_PER_SECOND,
  requests: [
    'GET /customers/{rank}',
    'GET /exports/{id}/2024',
    'GET /customers/{id}',
    'GET /customers/{rank}',
    'GET /exports/{id}/2023',
    'GET /customers/{rank}',
    'GET /exports/{id}/2016',
    'GET /customers/{rank}',
    'GET /exports/{id}/2025',
    'GET /customers/{id}',
  ],
});
process.exit(0);
