'use strict';

/** A file written under another name and renamed: whoever reads finds the old one or the new one, never a half. */

const fs = require('node:fs');

/**
 * @param {string} file
 * @param {string} text
 * @param {fs.WriteFileOptions} [options]
 * @throws {Error} of the system; nothing of ours is left then
 */
function replaceFile(file, text, options) {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, text, options);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

exports.replaceFile = replaceFile;
