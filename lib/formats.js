'use strict';

/**
 * The forms of a report: their names, the endings of files that mean them, and the way to the core's
 * writers. Knows nothing of what is in a report.
 */

const path = require('node:path');
const { loadNative } = require('./native');

/** Names of the forms, as `leakguard report --format` takes them. */
const FORMATS = ['text', 'json', 'md', 'junit', 'sarif', 'github'];

/** @type {Record<string, string>} */
const FORMAT_BY_EXTENSION = {
  '.json': 'json',
  '.txt': 'text',
  '.md': 'md',
  '.xml': 'junit',
  '.sarif': 'sarif',
};

const EXTENSIONS = Object.keys(FORMAT_BY_EXTENSION);

/**
 * @param {string} file
 * @returns {string | undefined} its format, if its ending means one
 */
function formatOf(file) {
  const extension = path.extname(file);
  return Object.hasOwn(FORMAT_BY_EXTENSION, extension) ? FORMAT_BY_EXTENSION[extension] : undefined;
}

/**
 * @param {string} json  of a report
 * @param {string} format
 * @returns {string} with a newline at its end; places relative to the working directory where the
 *   format is for services that show them beside the code
 */
function render(json, format) {
  const text = loadNative().renderReport(json, format, workingDirectory());
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** @returns {string | undefined} nothing when it was removed */
function workingDirectory() {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

exports.EXTENSIONS = EXTENSIONS;
exports.FORMATS = FORMATS;
exports.formatOf = formatOf;
exports.render = render;
