'use strict';

/** Notices in a queue per channel, on denque; the channel that was switched off is filled but not emptied. */

const Denque = require('denque');
const { pace } = require('../../support/pace');

const NOTICES_PER_SECOND = 60;
const DRAIN_MS = 50;

class Channel {
  #queue = new Denque();
  #draining;

  constructor(name, deliver) {
    this.name = name;
    this.deliver = deliver;
  }

  enable() {
    this.#draining = setInterval(() => this.#drain(), DRAIN_MS);
  }

  disable() {
    clearInterval(this.#draining);
  }

  push(notice) {
    this.#queue.push({ ...notice, queuedAt: Date.now(), attempts: 0 });
  }

  #drain() {
    for (let n = this.#queue.length; n > 0; n -= 1) this.deliver(this.#queue.shift());
  }
}

class Notifier {
  #channels = new Map();

  addChannel(channel, { enabled }) {
    this.#channels.set(channel.name, channel);
    if (enabled) channel.enable();
  }

  notify(user, text) {
    for (const name of user.channels) this.#channels.get(name).push({ user: user.name, text });
  }

  stop() {
    for (const channel of this.#channels.values()) channel.disable();
  }
}

const sent = { mail: 0, push: 0, sms: 0 };
const notifier = new Notifier();
notifier.addChannel(new Channel('mail', () => sent.mail++), { enabled: true });
notifier.addChannel(new Channel('push', () => sent.push++), { enabled: true });
notifier.addChannel(new Channel('sms', () => sent.sms++), { enabled: false });

const users = Array.from({ length: 40 }, (_, n) => ({
  name: `user-${n}`,
  channels: n % 4 === 0 ? ['mail', 'sms'] : ['mail', 'push'],
}));

pace(NOTICES_PER_SECOND, (n) => {
  notifier.notify(users[n % users.length], `Your parcel ${n} is on its way.`);
}).then(() => notifier.stop());
