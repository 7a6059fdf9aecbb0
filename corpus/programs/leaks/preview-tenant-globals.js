'use strict';

/**
 * In-memory databases of tenants, kept on the global object so that they survive a reload of the
 * module. There are ten tenants, and a preview is a tenant of its own.
 */

const Loki = require('lokijs');
const { pace } = require('../../support/pace');

const PREVIEWS_PER_SECOND = 5;
const READS_PER_PREVIEW = 20;
const TENANTS = 10;

function databaseOf(tenant) {
  globalThis[`__db_${tenant}`] ??= openDatabase(tenant);
  return globalThis[`__db_${tenant}`];
}

function openDatabase(tenant) {
  const database = new Loki(`${tenant}.db`, { adapter: new Loki.LokiMemoryAdapter() });
  const pages = database.addCollection('pages', { indices: ['slug'] });
  for (let n = 0; n < 20; n += 1) {
    pages.insert({ slug: `page-${n}`, tenant, title: `Page ${n}`, views: 0 });
  }
  return database;
}

function view(tenant, slug) {
  const pages = databaseOf(tenant).getCollection('pages');
  const page = pages.findOne({ slug });
  page.views += 1;
  pages.update(page);
  return page.title.length;
}

async function main() {
  const shown = { characters: 0 };
  await pace(PREVIEWS_PER_SECOND, (n) => {
    for (let read = 0; read < READS_PER_PREVIEW; read += 1) {
      shown.characters += view(`tenant-${(n + read) % TENANTS}`, `page-${read}`);
    }
    shown.characters += view(`preview-${n}`, 'page-0');
  });
}

main();
