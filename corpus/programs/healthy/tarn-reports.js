'use strict';

/** Reports over a pool of tarn: sessions are opened as load comes, broken ones thrown away, idle ones closed. */

const { EventEmitter } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { Pool } = require('tarn');
const { pace } = require('../../support/pace');

const QUERY_MS = 60;

class Session extends EventEmitter {
  broken = false;
  prepared = new Map();
  keepAlive = setInterval(() => this.emit('ping'), 200);

  async query(name, parameters) {
    if (!this.prepared.has(name)) this.prepared.set(name, `select * from ${name} where id = ?`);
    await sleep(QUERY_MS + Math.random() * 20);
    if (Math.random() < 0.04) {
      this.broken = true;
      throw new Error('the connection was reset');
    }
    return Array.from({ length: 20 }, (_, row) => ({ row, name, ...parameters }));
  }

  close() {
    clearInterval(this.keepAlive);
    this.prepared.clear();
    this.removeAllListeners();
  }
}

const pinged = { count: 0 };

const sessions = new Pool({
  min: 1,
  max: 12,
  idleTimeoutMillis: 300,
  reapIntervalMillis: 100,
  acquireTimeoutMillis: 5_000,
  async create() {
    await sleep(15);
    const session = new Session();
    session.on('ping', () => {
      pinged.count += 1;
    });
    return session;
  },
  validate: (session) => !session.broken,
  destroy: (session) => session.close(),
});

async function useSession(work) {
  const session = await sessions.acquire().promise;
  try {
    return await work(session);
  } finally {
    sessions.release(session);
  }
}

async function report(n) {
  const rows = await useSession((session) => session.query(`table_${n % 15}`, { id: n }));
  return rows.length;
}

async function reportWithRetry(n) {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    try {
      return await report(n);
    } catch {
      await sleep(20 * 2 ** attempt);
    }
  }
  return 0;
}

async function main() {
  const open = new Set();
  // Office hours: two busy stretches and two quiet ones.
  await pace(
    (share) => (Math.floor(share * 4) % 2 === 0 ? 110 : 12),
    (n) => {
      const made = reportWithRetry(n).finally(() => open.delete(made));
      open.add(made);
    },
  );
  await Promise.all(open);
  await sessions.destroy();
}

main();
