/**
 * Minutes that many write together with Yjs. The server observes the shared document for each editor
 * who joins, to send on what changes; who leaves is forgotten but the document goes on calling.
 */

import * as Y from 'yjs';
import pacing from '../../support/pace.js';

const EDITORS_PER_SECOND = 20;
const PRESENT = 12;

class Room {
  constructor(name) {
    this.name = name;
    this.doc = new Y.Doc();
    this.text = this.doc.getText('minutes');
    this.editors = new Set();
  }

  join(editor) {
    this.editors.add(editor);
    editor.receive(Y.encodeStateAsUpdate(this.doc));
    this.doc.on('update', (update, origin) => {
      if (origin !== editor) editor.receive(update);
    });
  }

  leave(editor) {
    this.editors.delete(editor);
  }
}

class Editor {
  constructor(name) {
    this.name = name;
    this.received = 0;
    this.outbox = [];
  }

  receive(update) {
    this.received += update.byteLength;
    this.outbox = [...this.outbox, update].slice(-10);
  }

  write(room, words) {
    room.doc.transact(() => {
      room.text.insert(0, words);
      if (room.text.length > 400) room.text.delete(200, room.text.length - 200);
    }, this);
  }
}

const rooms = ['board', 'works council', 'release'].map((name) => new Room(name));
const queue = rooms.map(() => []);

await pacing.pace(EDITORS_PER_SECOND, (n) => {
  const at = n % rooms.length;
  const editor = new Editor(`editor-${n}`);
  rooms[at].join(editor);
  queue[at].push(editor);
  if (n % 4 === 0) editor.write(rooms[at], `item ${n}; `);
  if (queue[at].length > PRESENT / rooms.length) rooms[at].leave(queue[at].shift());
});
