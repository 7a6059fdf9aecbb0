'use strict';

/** The code that a page of the documentation shows. */

/**
 * @param {string} page  its text
 * @param {string} language
 * @returns {string[]} each block of that language
 */
function snippetsOf(page, language) {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...page.matchAll(block)].map(([, text]) => text);
}

exports.snippetsOf = snippetsOf;
