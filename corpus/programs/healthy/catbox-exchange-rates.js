'use strict';

/** Exchange quotes in catbox for two and a half seconds each; the pairs and amounts never are the same. */

const { Client, Policy } = require('@hapi/catbox');
const { Engine } = require('@hapi/catbox-memory');
const { pace } = require('../../support/pace');

const QUOTES_PER_SECOND = 120;
const GOOD_FOR_MS = 2_500;

async function main() {
  const client = new Client(Engine, { partition: 'exchange', maxByteSize: 10_000_000 });
  await client.start();
  const quotes = new Policy(
    {
      expiresIn: GOOD_FOR_MS,
      generateTimeout: 500,
      generateFunc: async (id) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const [from, to, cents] = id.split(':');
        return { from, to, cents: Math.round(Number(cents) * 1.07), at: Date.now() };
      },
    },
    client,
    'quotes',
  );
  const asked = new Set();
  let cents = 0;
  await pace(QUOTES_PER_SECOND, (n) => {
    // Every third question is one that was just asked.
    const id = `EUR:CHF:${n % 3 === 2 ? n - 1 : n}`;
    const question = quotes.get(id).then((quote) => {
      cents += quote.cents;
      asked.delete(question);
    });
    asked.add(question);
  });
  await Promise.all(asked);
  await client.stop();
  process.exitCode = cents > 0 ? 0 : 1;
}

main();
