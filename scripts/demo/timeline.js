'use strict';

/** What the demo prints: lines with the time and the speaker in a margin, wrapped beside it. */

const { styleText } = require('node:util');

const SPEAKER_WIDTH = 11;
const MARGIN_WIDTH = '999.9 s  '.length + SPEAKER_WIDTH;
const MIN_TEXT_WIDTH = 40;
/** Wider than this is hard to read. */
const MAX_WIDTH = 110;

/** @typedef {Parameters<typeof styleText>[0]} Style */

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

/**
 * @param {Style} style
 * @param {string} text
 */
function paint(style, text) {
  return coloured ? styleText(style, text) : text;
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = /** @type {string} */ (lines.at(-1));
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

class Timeline {
  constructor() {
    this.startMs = performance.now();
  }

  elapsedMs() {
    return performance.now() - this.startMs;
  }

  /**
   * @param {string} speaker
   * @param {string[]} paragraphs
   * @param {Style} [style]  of the speaker
   */
  tell(speaker, paragraphs, style = 'dim') {
    const seconds = (this.elapsedMs() / 1000).toFixed(1).padStart(5);
    const margin = `${paint('dim', `${seconds} s  `)}${paint(style, speaker.padEnd(SPEAKER_WIDTH))}`;
    const width = Math.min(process.stdout.columns ?? MAX_WIDTH, MAX_WIDTH) - MARGIN_WIDTH;
    const lines = paragraphs.flatMap((text) => wrap(text, Math.max(width, MIN_TEXT_WIDTH)));
    print(margin + lines.join(`\n${' '.repeat(MARGIN_WIDTH)}`));
  }
}

exports.Timeline = Timeline;
exports.paint = paint;
exports.print = print;
