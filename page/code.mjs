/** Places in code: how one is named, and the lines around it. */

import { element } from './dom.mjs';
import { shortened } from './paths.mjs';

/** @typedef {import('./report.mjs').Frame} Frame */
/** @typedef {import('./report.mjs').Excerpt} Excerpt */

/**
 * What a reader tells apart at a glance. Within a few lines nobody knows whether a comment or a template
 * has begun above them, so it is colour only, and never hides or changes a letter.
 */
const TOKENS =
  /(\/\/.*|\/\*.*?(?:\*\/|$)|^\s*\*(?:\s.*|\/)?$)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)|\b(async|await|break|case|catch|class|const|continue|delete|do|else|export|extends|finally|for|from|function|if|import|in|instanceof|let|new|of|return|static|super|switch|this|throw|try|typeof|var|void|while|yield)\b|\b(\d[\w.]*|true|false|null|undefined)\b/g;
const CLASSES = ['comment', 'string', 'keyword', 'number'];

/** @param {string} line @returns {(string | HTMLElement)[]} */
function highlighted(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(TOKENS)) {
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)];
    parts.push(line.slice(end, match.index), element('span', { class: kind }, match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, line.slice(end)].filter((part) => part !== '');
}

/**
 * @param {Frame} frame
 * @param {string} folder  left out of its path
 */
export function placeView({ file, line, column }, folder) {
  return element(
    'code',
    { class: 'place' },
    shortened(file, folder),
    element('span', { class: 'position' }, `:${line}${column > 0 ? `:${column}` : ''}`),
  );
}

/** @param {Frame} frame */
export function functionView({ function: name }) {
  return element('code', { class: 'function' }, name === '' ? '<anonymous>' : name);
}

/**
 * @param {Excerpt} excerpt
 * @param {string} folder
 */
export function excerptView({ file, line, first, lines }, folder) {
  const rows = lines.map((text, index) => {
    const number = first + index;
    const isIt = number === line;
    return element(
      'span',
      { class: isIt ? 'row it' : 'row' },
      element('span', { class: 'gutter' }, `${isIt ? '>' : ' '} ${number}`),
      element('span', { class: 'code' }, ...highlighted(text), '\n'),
    );
  });
  const last = first + lines.length - 1;
  return element(
    'figure',
    { class: 'excerpt' },
    element(
      'figcaption',
      {},
      element('code', {}, shortened(file, folder)),
      `, lines ${first} to ${last}`,
    ),
    element('pre', {}, rows),
  );
}
