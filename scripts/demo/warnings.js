'use strict';

/**
 * Reads the warnings off the service's standard error, as anybody would: one that is new is shown in
 * full, one that comes again, because the leak has grown by half, by its first line.
 */

/** The head of a warning as Node prints it; what follows is leakguard's own text. */
const HEAD = /^\(node:\d+\) \[LEAKGUARD_\w+\] LeakWarning: /;
/** Its last line. */
const END = /^\s*next: /;
const NODE_HINT = /^\(Use `.*--trace-warnings/;
const LOCATION = /\S+:\d+(?=:\d+ )/;

class Warnings {
  /** @param {import('./timeline').Timeline} timeline */
  constructor(timeline) {
    this.timeline = timeline;
    /** When each line was first warned of, by `file:line`. @type {Map<string, number>} */
    this.firstMs = new Map();
    /** The warning that is being read. @type {string[]} */
    this.texts = [];
  }

  /** @param {string} text  one line */
  read(text) {
    if (NODE_HINT.test(text)) return;
    if (this.texts.length === 0 && !HEAD.test(text)) {
      this.timeline.tell('stderr', [text]);
      return;
    }
    this.texts.push(text.replace(HEAD, '').trim());
    if (!END.test(text)) return;
    this.#show(this.texts);
    this.texts = [];
  }

  /** @param {string[]} texts */
  #show(texts) {
    const [title, culprit] = texts;
    const location = LOCATION.exec(culprit)?.[0] ?? culprit;
    const known = this.firstMs.has(location);
    if (!known) this.firstMs.set(location, this.timeline.elapsedMs());
    this.timeline.tell('leakguard', known ? [`again: ${title}`] : texts, 'yellow');
  }
}

exports.Warnings = Warnings;
