'use strict';

/**
 * A report in a file, written so that no reader sees a half and no other report is lost.
 *
 * It is written under a name of its own and renamed: whoever reads finds the old one or the new one. The
 * last that is written has the name, since the process that ends last is the one that was started by
 * hand; a file from before our start is a former run's and is replaced. One that somebody else has
 * written since then is another report of this run and is moved aside. Between the look and the
 * rename a few microseconds remain.
 */

const fs = require('node:fs');
const path = require('node:path');
const { formatOf, render } = require('./formats');
const { createFile } = require('./replace-file');

/** @typedef {import('..').ReportData} ReportData */

class ReportFile {
  /** The inode of what this one has written last. @type {number | null} */
  #own = null;

  /**
   * @param {string} pattern  a path with an ending of `formats.js`; `%p` stands for the pid of a
   *   report, `%t` for its thread
   * @param {number} since  epoch ms: what is older is a former run's
   */
  constructor(pattern, since) {
    this.pattern = pattern;
    this.since = since;
  }

  /**
   * @param {ReportData} report
   * @returns {{ file: string, aside: string | null }} where it is, and where another one was moved
   */
  write(report) {
    const { pid, threadId } = report;
    const file = this.pattern.replaceAll('%p', `${pid}`).replaceAll('%t', `${threadId}`);
    const { dir, name, ext } = path.parse(file);
    const temporary = `${file}.${pid}-${threadId}.tmp`;
    const text = render(JSON.stringify(report), formatOf(file) ?? 'text');
    try {
      createFile(temporary, text);
      const { ino } = fs.statSync(temporary);
      const isTaken = this.#isAnothers(file);
      const aside = isTaken ? path.join(dir, `${name}.before-${pid}-${threadId}${ext}`) : null;
      if (aside !== null) fs.renameSync(file, aside);
      fs.renameSync(temporary, file);
      this.#own = ino;
      return { file, aside };
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** @param {string} file */
  #isAnothers(file) {
    const there = fs.statSync(file, { throwIfNoEntry: false });
    return there?.isFile() === true && there.ino !== this.#own && there.mtimeMs >= this.since;
  }
}

exports.ReportFile = ReportFile;
