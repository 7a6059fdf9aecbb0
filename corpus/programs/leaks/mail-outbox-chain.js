'use strict';

/**
 * Sends mails one after the other by chaining promises. After some seconds the relay accepts a mail
 * without ever saying so, and everything behind it waits.
 */

const { EventEmitter, once } = require('node:events');
const nodemailer = require('nodemailer');
const { SECONDS, pace } = require('../../support/pace');

const MAILS_PER_SECOND = 20;
const SILENT_AFTER_MS = SECONDS * 200;

/** The relay of the provider; falls silent once. */
class Relay extends EventEmitter {
  #startedAt = performance.now();
  #fellSilent = false;

  submit(id, message) {
    if (!this.#fellSilent && performance.now() - this.#startedAt > SILENT_AFTER_MS) {
      this.#fellSilent = true;
      return;
    }
    setTimeout(() => this.emit(`accepted ${id}`, message.length), 5);
  }
}

class Outbox {
  #tail = Promise.resolve();
  #composer = nodemailer.createTransport({ streamTransport: true, buffer: true });
  bytes = 0;

  constructor(relay) {
    this.relay = relay;
  }

  /** In the order in which they were handed in. */
  send(mail) {
    this.#tail = this.#tail.then(() => this.#deliver(mail));
    return this.#tail;
  }

  async #deliver(mail) {
    const { message } = await this.#composer.sendMail(mail);
    const accepted = once(this.relay, `accepted ${mail.headers['x-mail']}`);
    this.relay.submit(mail.headers['x-mail'], message);
    const [bytes] = await accepted;
    this.bytes += bytes;
  }
}

const outbox = new Outbox(new Relay());

pace(MAILS_PER_SECOND, (n) => {
  outbox.send({
    from: 'shop@example.test',
    to: `customer-${n % 500}@example.test`,
    subject: `Your order ${n}`,
    text: `Thank you for order ${n}.\n${'We are packing it. '.repeat(20)}`,
    headers: { 'x-mail': String(n) },
  });
});
