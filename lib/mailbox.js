'use strict';

/**
 * How `leakguard run` and its dashboard know the processes that they watch, and talk to them: through files in a
 * folder of theirs, looked at once per tick. So nothing of it holds the process open, and a process that hangs is
 * only silent.
 *
 *     PID-THREAD.here.json     the process: { recording }, where it is written what it does
 *     PID-THREAD.ask.json      the dashboard: { id, ask }
 *     PID-THREAD.answer.json   the process: { id, answer } or { id, error }
 */

const fs = require('node:fs');
const path = require('node:path');
const { replaceFile } = require('./replace-file');

/** What a process can be asked for. */
const ASKS = ['mark', 'report', 'holders'];

/** @typedef {{ id: number, ask: string }} Request */

class Mailbox {
  /**
   * @param {string} folder  that exists
   * @param {string} name    pid and thread
   */
  constructor(folder, name) {
    const file = (/** @type {string} */ what) => path.join(folder, `${name}.${what}.json`);
    this.files = { here: file('here'), ask: file('ask'), answer: file('answer') };
  }

  /** @param {{ recording: string }} where */
  announce(where) {
    write(this.files.here, where);
  }

  /** @returns {Request | null} once each */
  take() {
    const { ask } = this.files;
    if (!fs.existsSync(ask)) return null;
    const request = read(ask);
    remove(ask);
    return /** @type {Request | null} */ (request);
  }

  /** @param {{ id: number, answer?: unknown, error?: string }} answer */
  answer(answer) {
    write(this.files.answer, answer);
  }

  /** @param {Request} request */
  ask(request) {
    remove(this.files.answer);
    write(this.files.ask, request);
  }

  /**
   * @param {number} id
   * @returns {{ answer?: unknown, error?: string } | null} null while there is none
   */
  answerTo(id) {
    const found = read(this.files.answer);
    return found?.id === id ? found : null;
  }
}

/**
 * @param {string} folder
 * @returns {{ name: string, recording: string }[]} the processes and threads that were there, by pid
 */
function readPresent(folder) {
  return fs
    .readdirSync(folder)
    .flatMap((file) => {
      const [, name] = /^(\d+-\d+)\.here\.json$/.exec(file) ?? [];
      const here = name && read(path.join(folder, file));
      return here ? [{ name, recording: here.recording }] : [];
    })
    .sort((a, b) => Number.parseInt(a.name, 10) - Number.parseInt(b.name, 10));
}

/**
 * @param {string} file
 * @param {object} value
 */
function write(file, value) {
  replaceFile(file, JSON.stringify(value), { mode: 0o600 });
}

/**
 * @param {string} file
 * @returns {any} null where there is none
 */
function read(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** @param {string} file */
function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch {
    // It is not there.
  }
}

exports.ASKS = ASKS;
exports.Mailbox = Mailbox;
exports.readPresent = readPresent;
