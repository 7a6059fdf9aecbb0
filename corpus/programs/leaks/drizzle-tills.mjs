/** The tills of a market in sql.js by Drizzle: old receipts are deleted, but each query for rows leaves a statement. */

import { desc, eq, lt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/sql-js';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import initSqlJs from 'sql.js';
import pacing from '../../support/pace.js';

const RECEIPTS_PER_SECOND = 50;
const KEEP_MS = 1500;
const CLOSE_EVERY_MS = 250;
const TILLS = 6;

const receipts = sqliteTable(
  'receipts',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    till: integer('till').notNull(),
    cents: integer('cents').notNull(),
    cashier: text('cashier').notNull(),
    at: integer('at').notNull(),
  },
  (table) => [index('by_time').on(table.at)],
);

const SQL = await initSqlJs();
const client = new SQL.Database();
client.run(
  'CREATE TABLE receipts (id INTEGER PRIMARY KEY AUTOINCREMENT, till INTEGER, cents INTEGER, cashier TEXT, at INTEGER)',
);
client.run('CREATE INDEX by_time ON receipts (at)');
const db = drizzle(client);

/** What each till took lately. */
const takings = new Map();

const closing = setInterval(() => {
  db.delete(receipts)
    .where(lt(receipts.at, Date.now() - KEEP_MS))
    .run();
  const sums = db
    .select({ till: receipts.till, cents: sql`sum(${receipts.cents})` })
    .from(receipts)
    .groupBy(receipts.till)
    .all();
  for (const { till, cents } of sums) takings.set(till, cents);
}, CLOSE_EVERY_MS);

await pacing.pace(RECEIPTS_PER_SECOND, (n) => {
  const till = n % TILLS;
  db.insert(receipts)
    .values({ till, cents: 100 + (n % 4000), cashier: `cashier ${n % 11}`, at: Date.now() })
    .run();
  if (n % 4 !== 0) return;
  db.select()
    .from(receipts)
    .where(eq(receipts.till, till))
    .orderBy(desc(receipts.at))
    .limit(5)
    .all();
});
clearInterval(closing);
client.close();
