'use strict';

/** Twelve whiteboards in ShareDB, whose cards are pushed about; its memory database keeps each operation. */

const ShareDB = require('sharedb');
const { pace } = require('../../support/pace');

const MOVES_PER_SECOND = 60;
const BOARDS = 12;
const CARDS = 8;
const WRITERS = 3;

const backend = new ShareDB();

function call(subject, method, ...args) {
  return new Promise((resolve, reject) => {
    subject[method](...args, (error) => (error ? reject(error) : resolve()));
  });
}

async function openBoards() {
  const owner = backend.connect();
  for (let board = 0; board < BOARDS; board += 1) {
    const cards = Array.from({ length: CARDS }, (_, n) => ({ text: `card ${n}`, x: n * 80, y: 0 }));
    await call(owner.get('boards', `board-${board}`), 'create', { title: `Board ${board}`, cards });
  }
  owner.close();
  const writers = [];
  for (let writer = 0; writer < WRITERS; writer += 1) {
    const connection = backend.connect();
    const docs = Array.from({ length: BOARDS }, (_, n) => connection.get('boards', `board-${n}`));
    await Promise.all(docs.map((doc) => call(doc, 'subscribe')));
    writers.push(docs);
  }
  return writers;
}

async function main() {
  const writers = await openBoards();
  const moves = { sent: 0, stored: 0 };
  await pace(MOVES_PER_SECOND, (n) => {
    const doc = writers[n % WRITERS][n % BOARDS];
    const card = Math.floor(Math.random() * CARDS);
    moves.sent += 1;
    doc.submitOp(
      [
        { p: ['cards', card, 'x'], na: (n % 9) - 4 },
        { p: ['cards', card, 'y'], na: (n % 7) - 3 },
      ],
      (error) => {
        if (error) throw error;
        moves.stored += 1;
      },
    );
  });
  process.exit(moves.stored > 0 ? 0 : 1);
}

main();
