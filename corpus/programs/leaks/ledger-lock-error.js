'use strict';

/**
 * Postings to ledger files, each under a lock of proper-lockfile. A posting that is refused, one in
 * five, throws before the lock is released, which is then renewed for as long as the process lives.
 */

const { mkdtempSync, rmSync, promises: fs } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const lockfile = require('proper-lockfile');
const { pace } = require('../../support/pace');

const POSTINGS_PER_SECOND = 40;

class Refused extends Error {}

class Ledger {
  constructor(folder) {
    this.folder = folder;
  }

  async post(posting) {
    const file = path.join(this.folder, `${posting.account}.ledger`);
    const release = await lockfile.lock(file, { realpath: false, stale: 20_000, update: 2_000 });
    const balance = await this.append(file, posting);
    await release();
    return balance;
  }

  async append(file, posting) {
    if (posting.amount > 900) throw new Refused(`${posting.account}: over the limit`);
    await fs.appendFile(file, `${posting.day};${posting.amount}\n`);
    const { size } = await fs.stat(file);
    return size;
  }
}

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ledger-'));
  const ledger = new Ledger(folder);
  const open = new Set();
  const counts = { posted: 0, refused: 0 };
  await pace(POSTINGS_PER_SECOND, (n) => {
    const posting = {
      account: `A${10_000 + n}`,
      day: n % 365,
      amount: n % 5 === 4 ? 950 : n % 800,
    };
    const posted = ledger
      .post(posting)
      .then(
        () => {
          counts.posted += 1;
        },
        (error) => {
          if (!(error instanceof Refused)) throw error;
          counts.refused += 1;
        },
      )
      .finally(() => open.delete(posted));
    open.add(posted);
  });
  await Promise.all(open);
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

main();
