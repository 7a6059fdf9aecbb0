'use strict';

/**
 * Quotes for six tenants, each with an emitter that tells when its configuration changes. While a quote
 * is made it listens; an empty basket, one in twenty, is answered before the listener is taken off.
 */

const { EventEmitter, once } = require('node:events');
const Koa = require('koa');
const { visit } = require('../../support/visitors');

const REQUESTS_PER_SECOND = 150;
const TENANTS = 6;
const CALCULATE_MS = 8;
const CHANGE_MS = 900;

class Tenant extends EventEmitter {
  constructor(name) {
    super();
    this.name = name;
    this.config = { version: 1, discount: 0, currency: 'EUR' };
    // Many quotes are made at once, and Node warned of a leak.
    this.setMaxListeners(0);
  }

  change(discount) {
    this.config = { ...this.config, version: this.config.version + 1, discount };
    this.emit('changed', this.config);
  }
}

const tenants = Array.from({ length: TENANTS }, (_, n) => new Tenant(`tenant-${n}`));

/** @returns {{ articles: { cents: number }[] }} */
function basketOf(number) {
  const length = number % 20 === 7 ? 0 : 1 + (number % 5);
  return { articles: Array.from({ length }, (_, n) => ({ cents: 100 + ((number * n) % 900) })) };
}

async function quote(tenant, number) {
  const basket = basketOf(number);
  const draft = { number, config: tenant.config, lines: [], stale: false };
  const onChanged = (config) => {
    draft.config = config;
    draft.stale = true;
  };
  tenant.on('changed', onChanged);
  if (basket.articles.length === 0) return { number, total: 0 };
  await new Promise((resolve) => setTimeout(resolve, CALCULATE_MS));
  draft.lines = basket.articles.map(({ cents }) => cents * (1 - draft.config.discount));
  tenant.off('changed', onChanged);
  return { number, total: draft.lines.reduce((sum, cents) => sum + cents, 0) };
}

async function main() {
  const app = new Koa();
  app.use(async (context) => {
    const number = Number(context.path.split('/').at(-1));
    context.body = await quote(tenants[number % TENANTS], number);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let changes = 0;
  const office = setInterval(() => {
    changes += 1;
    tenants[changes % TENANTS].change((changes % 10) / 100);
  }, CHANGE_MS);
  await visit(`http://127.0.0.1:${server.address().port}`, {
    perSecond: REQUESTS_PER_SECOND,
    requests: ['GET /quotes/{n}'],
  });
  clearInterval(office);
  process.exit(0);
}

main();
