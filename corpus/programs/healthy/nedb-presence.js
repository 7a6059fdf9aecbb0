'use strict';

/** Who is online, in an nedb in memory: 150 members are upserted as they are seen, drafts expire by their index. */

const Datastore = require('@seald-io/nedb');
const { pace } = require('../../support/pace');

const MEMBERS = 150;
const DRAFT_SECONDS = 1.5;

class Presence {
  members = new Datastore();
  drafts = new Datastore();

  async open() {
    await this.members.ensureIndexAsync({ fieldName: 'name', unique: true });
    await this.members.ensureIndexAsync({ fieldName: 'seenAt' });
    await this.drafts.ensureIndexAsync({
      fieldName: 'savedAt',
      expireAfterSeconds: DRAFT_SECONDS,
    });
  }

  async see(name, page) {
    await this.members.updateAsync(
      { name },
      { $set: { page, seenAt: Date.now() }, $inc: { visits: 1 } },
      { upsert: true },
    );
  }

  async saveDraft(name, text) {
    await this.drafts.insertAsync({ name, text, savedAt: new Date() });
  }

  async online() {
    return this.members.countAsync({ seenAt: { $gt: Date.now() - 1_000 } });
  }

  /** Reading is what makes nedb drop the drafts that have expired. */
  async draftsOf(name) {
    return this.drafts
      .findAsync({ savedAt: { $exists: true } })
      .then((all) => all.filter((draft) => draft.name === name));
  }
}

async function main() {
  const presence = new Presence();
  await presence.open();
  const open = new Set();
  const start = (work) => {
    open.add(work);
    work.finally(() => open.delete(work));
  };
  const listing = setInterval(() => {
    start(presence.online());
    start(presence.draftsOf('member-7'));
  }, 300);
  await pace(50, (n) => {
    const name = `member-${(Math.floor(n / 2) * 7) % MEMBERS}`;
    if (n % 2 === 0) start(presence.see(name, `/page/${n % 40}`));
    else start(presence.saveDraft(name, `Draft ${n} `.repeat(20)));
  });
  clearInterval(listing);
  await Promise.all(open);
}

main();
