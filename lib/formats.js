'use strict';

/**
 * The forms of a report: their names, the endings of files that mean them, and the way to the core's
 * writers. What is in a report it does not know.
 */

const path = require('node:path');
const { loadNative } = require('./native');

/** Names of the forms, as `leakguard report --format` takes them. */
const FORMATS = ['text', 'json', 'md', 'html', 'junit', 'sarif', 'github'];

/** @type {Record<string, string>} */
const FORMAT_BY_EXTENSION = {
  '.json': 'json',
  '.txt': 'text',
  '.md': 'md',
  '.html': 'html',
  '.htm': 'html',
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
  const directory = workingDirectory();
  const source = format === 'html' ? withExcerpts(json, directory) : json;
  const text = loadNative().renderReport(source, format, directory);
  return text.endsWith('\n') ? text : `${text}\n`;
}

/**
 * @param {string} json
 * @param {string | undefined} directory
 */
function withExcerpts(json, directory) {
  const { readExcerpts } = require('./excerpt');
  const report = JSON.parse(json);
  return JSON.stringify({ ...report, excerpts: readExcerpts(report, directory) });
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
