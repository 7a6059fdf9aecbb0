'use strict';

/**
 * Asks several banks for a rate and takes the first answer. Each question brings a signal that aborts
 * it after a quarter of an hour; it is answered within milliseconds, and the signal waits on.
 */

const { setTimeout: sleep } = require('node:timers/promises');
const { pace } = require('../../support/pace');

const QUESTIONS_PER_SECOND = 25;
const BANKS = ['nord', 'sued', 'west'];
const PATIENCE_MS = 15 * 60_000;

class Desk {
  constructor() {
    this.latest = new Map();
  }

  async ask(bank, pair, signal) {
    const question = { bank, pair, asked: Date.now(), cancelled: false };
    signal.addEventListener('abort', () => {
      question.cancelled = true;
    });
    await sleep(2 + Math.random() * 20);
    if (question.cancelled) throw signal.reason;
    return { bank, rate: 1 + Math.random() / 100 };
  }

  async best(pair) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const quote = await Promise.any(BANKS.map((bank) => this.ask(bank, pair, signal)));
    this.latest.set(pair, quote);
    return quote;
  }
}

async function main() {
  const desk = new Desk();
  const pairs = ['EURUSD', 'EURGBP', 'EURCHF', 'EURSEK', 'USDJPY'];
  const counts = { answered: 0 };
  await pace(QUESTIONS_PER_SECOND, (n) => {
    desk.best(pairs[n % pairs.length]).then(() => {
      counts.answered += 1;
    });
  });
  process.exit(0);
}

main();
