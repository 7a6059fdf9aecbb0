'use strict';

/** Borrows connections from generic-pool and keeps one at each error; when all are gone, requests queue. */

const genericPool = require('generic-pool');
const { pace } = require('../../support/pace');

const QUERIES_PER_SECOND = 120;

const pool = genericPool.createPool(
  {
    create: async () => ({ query: async (text) => ({ rows: [{ text }] }) }),
    destroy: async () => {},
  },
  { max: 10 },
);

async function query(text) {
  const connection = await pool.acquire();
  const { rows } = await connection.query(text);
  if (rows[0].text.includes('deadlock')) throw new Error('deadlock, try again');
  await pool.release(connection);
  return rows;
}

pace(QUERIES_PER_SECOND, async (n) => {
  const text = n % 10 === 3 ? `update deadlock ${n}` : `select * from orders where id = ${n}`;
  try {
    await query(text);
  } catch {
    // The customer tries again himself.
  }
}).then(() => process.exit(0));
