'use strict';

/**
 * What a dashboard may ask of the process that it shows, see `mailbox.js`: to set a mark, to say what was
 * registered since and is still there, and to look who holds what leaks.
 */

const { ASKS } = require('./mailbox');

/** @typedef {import('./mailbox').Request} Request */
/**
 * @typedef {object} Host
 * @property {(label: string) => import('./marks').Mark} mark
 * @property {(options: { since: import('./marks').Mark }) => Promise<import('..').Report>} settled
 * @property {() => Promise<{ signature: string, held: string }[]>} findHolders
 */

const LABEL = 'dashboard';

class Remote {
  /**
   * @param {import('./mailbox').Mailbox} mailbox
   * @param {Host} host
   */
  constructor(mailbox, host) {
    this.mailbox = mailbox;
    this.host = host;
    /** @type {import('./marks').Mark | null} */
    this.since = null;
  }

  /** @param {string} recording  where it is written what this process does */
  announce(recording) {
    try {
      this.mailbox.announce({ recording });
    } catch {
      // `leakguard run` has gone, and its folder with it.
    }
  }

  /** Takes what was asked since the last tick; answers when it is done. */
  tick() {
    const request = this.mailbox.take();
    if (request === null) return;
    const { id, ask } = request;
    this.#perform(ask).then(
      (answer) => this.#reply({ id, answer }),
      (error) => this.#reply({ id, error: error.message }),
    );
  }

  /**
   * @param {string} ask
   * @returns {Promise<unknown>}
   */
  async #perform(ask) {
    switch (ask) {
      case 'mark':
        this.since = this.host.mark(LABEL);
        return { at: this.since.at };
      case 'report': {
        if (this.since === null) throw new Error('no mark is set: set one first');
        return (await this.host.settled({ since: this.since })).toJSON();
      }
      case 'holders':
        return await this.host.findHolders();
      default:
        throw new Error(`${ask} is not known to this version: known are ${ASKS.join(', ')}`);
    }
  }

  /** @param {{ id: number, answer?: unknown, error?: string }} answer */
  #reply(answer) {
    try {
      this.mailbox.answer(answer);
    } catch {
      // As above.
    }
  }
}

exports.Remote = Remote;
