'use strict';

/** Reads logs in large pieces and keeps a short token of each; the slice holds on to its whole piece. */

const { pace } = require('../../support/pace');

const PIECES_PER_SECOND = 50;
const LINES_PER_PIECE = 300;

const tokens = [];

function readPiece(n) {
  const lines = [];
  for (let line = 0; line < LINES_PER_PIECE; line += 1) {
    lines.push(`2026-01-01T00:00:00Z request=${n}-${line} status=200 bytes=${line * 17}`);
  }
  return lines.join('\n');
}

function tokenOf(piece) {
  const start = piece.indexOf('request=') + 'request='.length;
  return piece.slice(start, start + 16);
}

pace(PIECES_PER_SECOND, (n) => {
  tokens.push(tokenOf(readPiece(n)));
}).then(() => process.exit(0));
