'use strict';

/** A wiki on jsdiff: 24 pages are edited all the time; of each the text and the patches of its last six edits are kept. */

const { applyPatch, createTwoFilesPatch, diffWords, parsePatch, reversePatch } = require('diff');
const { pace } = require('../../support/pace');

const PAGES = 24;
const KEPT_EDITS = 6;
const LINES = 40;

const words = 'tide harbour rope mast keel gull storm anchor sail deck cabin buoy'.split(' ');
const line = (n) => Array.from({ length: 9 }, (_, i) => words[(n * 5 + i * n) % 12]).join(' ');

function Page(title) {
  this.title = title;
  this.text = `${Array.from({ length: LINES }, (_, n) => line(n)).join('\n')}\n`;
  this.edits = [];
}

Page.prototype.edit = function edit(author, change) {
  const text = change(this.text);
  const patch = createTwoFilesPatch(this.title, this.title, this.text, text, '', author);
  this.edits.push({ author, patch, at: Date.now() });
  if (this.edits.length > KEPT_EDITS) this.edits.shift();
  this.text = text;
};

Page.prototype.revertLast = function revertLast() {
  const last = this.edits.pop();
  if (last === undefined) return;
  const [reversed] = [reversePatch(parsePatch(last.patch)[0])];
  const text = applyPatch(this.text, reversed);
  if (text === false) throw new Error(`${this.title} cannot be reverted`);
  this.text = text;
};

const pages = Array.from({ length: PAGES }, (_, n) => new Page(`Page ${n}`));
const feed = { added: 0, removed: 0 };

function replaceLine(at, by) {
  return (text) => {
    const lines = text.split('\n');
    lines[at % LINES] = by;
    return lines.join('\n');
  };
}

function review(before, after) {
  for (const part of diffWords(before, after)) {
    if (part.added) feed.added += part.count;
    else if (part.removed) feed.removed += part.count;
  }
}

async function main() {
  await pace(50, (n) => {
    const page = pages[(n * 7) % PAGES];
    const before = page.text;
    page.edit(`author-${n % 60}`, replaceLine(n * 3, line(n % 1_000)));
    if (n % 10 === 0) review(before, page.text);
    if (n % 15 === 0) page.revertLast();
  });
}

main();
