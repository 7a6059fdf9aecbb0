'use strict';

/** An audit log in memory, asked by mingo as if it were MongoDB: it keeps what is at most two seconds old. */

const { Aggregator, Query } = require('mingo');
const { pace } = require('../../support/pace');

const KEEP_MS = 2_000;
const TRIM_EACH_MS = 200;

const perUser = new Aggregator([
  { $match: { ok: false } },
  { $group: { _id: '$user', failures: { $sum: 1 }, last: { $max: '$at' } } },
  { $sort: { failures: -1 } },
  { $limit: 5 },
]);

class AuditLog {
  constructor() {
    this.entries = [];
    this.trimming = setInterval(() => this.trim(), TRIM_EACH_MS);
  }

  append(entry) {
    this.entries.push(entry);
  }

  trim() {
    const since = Date.now() - KEEP_MS;
    const first = this.entries.findIndex(({ at }) => at >= since);
    this.entries = first < 0 ? [] : this.entries.slice(first);
  }

  of(user) {
    return new Query({ user, ok: { $in: [true, false] } })
      .find(this.entries)
      .skip(1)
      .limit(10)
      .all();
  }

  worst() {
    return perUser.run(this.entries);
  }

  close() {
    clearInterval(this.trimming);
  }
}

async function main() {
  const log = new AuditLog();
  await pace(150, (n) => {
    log.append({
      at: Date.now(),
      user: `user-${n}`.slice(0, 7),
      ok: n % 6 !== 0,
      path: `/doc/${n}`,
    });
    if (n % 15 === 0) log.of(`user-${n % 90}`);
    if (n % 40 === 0) log.worst();
  });
  log.close();
}

main();
