/** Shared notes: each note that is being typed in has a debounced save and a throttled cursor, dropped once it is saved. */

import { setTimeout as sleep } from 'node:timers/promises';
import { debounce, throttle } from 'throttle-debounce';
import pacing from '../../support/pace.js';

const KEYS_PER_SECOND = 200;
/** Twenty people type at any time, each some 50 keys into a note, then into another. */
const WRITERS = 20;
const KEYS_PER_NOTE = 50;
const QUIET_MS = 350;

class Note {
  constructor(id, onSaved) {
    this.id = id;
    this.text = '';
    this.cursor = 0;
    this.save = debounce(QUIET_MS, async () => {
      await this.#store();
      onSaved(this);
    });
    this.show = throttle(100, (cursor) => {
      this.cursor = cursor;
    });
  }

  type(key) {
    this.text += key;
    this.show(this.text.length);
    this.save();
  }

  close() {
    this.save.cancel();
    this.show.cancel();
  }

  async #store() {
    await sleep(20);
    this.savedText = this.text;
  }
}

class Desk {
  #notes = new Map();
  saved = 0;

  type(id, key) {
    let note = this.#notes.get(id);
    if (note === undefined) {
      note = new Note(id, (done) => this.#saved(done));
      this.#notes.set(id, note);
    }
    note.type(key);
  }

  #saved(note) {
    this.saved += 1;
    // Typed into while it was stored: there will be another save.
    if (note.savedText !== note.text) return;
    note.close();
    this.#notes.delete(note.id);
  }

  get size() {
    return this.#notes.size;
  }
}

const desk = new Desk();
await pacing.pace(KEYS_PER_SECOND, (n) => {
  const writer = n % WRITERS;
  const turn = Math.floor(n / (WRITERS * KEYS_PER_NOTE) + writer / WRITERS);
  desk.type(`note-${writer}-${turn}`, String.fromCharCode(97 + (n % 26)));
});
while (desk.size > 0) await sleep(50);
