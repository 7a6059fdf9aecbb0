'use strict';

/** A file written under another name and renamed: whoever reads finds the old one or the new one, never a half. */

const fs = require('node:fs');

/**
 * A file under a name that others can foresee, and in a folder that they may write to: what has the name is
 * removed, and no link is followed that came between.
 * @param {string} file
 * @param {string} text
 * @param {{ mode?: number }} [options]
 * @throws {Error} of the system
 */
function createFile(file, text, options) {
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, text, { ...options, flag: 'wx' });
}

/**
 * @param {string} file
 * @param {string} text
 * @param {{ mode?: number }} [options]
 * @throws {Error} of the system; nothing of ours is left then
 */
function replaceFile(file, text, options) {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    createFile(temporary, text, options);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

exports.createFile = createFile;
exports.replaceFile = replaceFile;
