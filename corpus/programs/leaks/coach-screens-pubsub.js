'use strict';

/**
 * Coaches bring passengers in bursts, whose phones subscribe to the delays of their trip by pubsub-js.
 * Who says goodbye is unsubscribed; who just loses the network, every other one, is not.
 */

const PubSub = require('pubsub-js');
const { pace } = require('../../support/pace');

const COACHES_PER_SECOND = 0.8;
const SEATS = 40;
const STAY_MS = 900;
const DELAYS_MS = 300;
const LINES = 5;

const phones = new Map();
const shown = { delays: 0 };

class Phone {
  constructor(id, line) {
    this.id = id;
    this.line = line;
    this.messages = [];
    this.token = PubSub.subscribe(`delays.${line}`, (topic, { minutes }) => {
      shown.delays += 1;
      this.messages.push({ topic, minutes });
      if (this.messages.length > 3) this.messages.shift();
    });
  }

  goodbye() {
    PubSub.unsubscribe(this.token);
    phones.delete(this.id);
  }
}

async function main() {
  let minutes = 0;
  const control = setInterval(() => {
    minutes += 1;
    PubSub.publishSync(`delays.${minutes % LINES}`, { minutes: minutes % 30 });
  }, DELAYS_MS);
  await pace(COACHES_PER_SECOND, (coach) => {
    for (let seat = 0; seat < SEATS; seat += 1) {
      const phone = new Phone(`${coach}-${seat}`, coach % LINES);
      phones.set(phone.id, phone);
      const lost = seat % 2 === 1;
      setTimeout(() => (lost ? phones.delete(phone.id) : phone.goodbye()), STAY_MS);
    }
  });
  clearInterval(control);
  process.exit(shown.delays > 0 ? 0 : 1);
}

main();
