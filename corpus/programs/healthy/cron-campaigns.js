'use strict';

/** Campaigns that post each second by a CronJob of their own, which is stopped when they are over. */

const { CronJob } = require('cron');
const { pace } = require('../../support/pace');

const CAMPAIGNS_PER_SECOND = 8;
const CAMPAIGN_MS = 1800;
const KEEP_POSTS = 40;

const running = new Map();
const posts = [];

class Campaign {
  constructor(id) {
    this.id = id;
    this.posted = 0;
    this.audience = Array.from({ length: 20 }, (_, n) => `reader-${(id * 20 + n) % 900}`);
    this.job = CronJob.from({ cronTime: '* * * * * *', onTick: () => this.post(), start: true });
  }

  post() {
    this.posted += 1;
    posts.push({ campaign: this.id, number: this.posted, to: this.audience[this.posted] });
    if (posts.length > KEEP_POSTS) posts.shift();
  }

  async end() {
    await this.job.stop();
    running.delete(this.id);
  }
}

async function main() {
  await pace(CAMPAIGNS_PER_SECOND, (id) => {
    const campaign = new Campaign(id);
    running.set(id, campaign);
    setTimeout(() => campaign.end(), CAMPAIGN_MS);
  });
  await Promise.all([...running.values()].map((campaign) => campaign.end()));
}

main();
