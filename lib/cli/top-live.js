'use strict';

/** The table of `leakguard top` on a terminal: its keys, and when it is drawn. */

const readline = require('node:readline');
const { FIRST_VIEW, SORTS, VERDICT_FILTERS, screen, shown } = require('./top-view');

/** @typedef {import('./top-view').Recording} Recording */
/** @typedef {import('./top-view').View} View */
/** @typedef {{ name?: string, sequence?: string, ctrl?: boolean }} Key */

const REFRESH_MS = 500;
const COLUMNS = 80;
const ROWS = 24;
const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l';
const LEAVE_SCREEN = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';

/**
 * @template T
 * @param {T[]} values
 * @param {T} value
 * @returns {T} the one after it, round and round
 */
const after = (values, value) => values[(values.indexOf(value) + 1) % values.length];

/**
 * @param {View} view
 * @param {Key} key
 * @returns {View | null} null: to leave
 */
function pressed(view, { name = '', sequence = '', ctrl = false }) {
  if (ctrl && name === 'c') return null;
  if (view.typing) return typed(view, name, sequence);
  switch (name) {
    case 'q':
      return null;
    case 'up':
    case 'k':
      return { ...view, selected: Math.max(0, view.selected - 1) };
    case 'down':
    case 'j':
      return { ...view, selected: view.selected + 1 };
    case 'return':
      return { ...view, details: !view.details };
    case 'escape':
      return { ...view, details: false, filter: view.details ? view.filter : '' };
    case 's':
      return { ...view, sort: after(SORTS, view.sort) };
    case 'f':
      return { ...view, verdicts: after(VERDICT_FILTERS, view.verdicts), selected: 0 };
    case 'space':
      return { ...view, paused: !view.paused };
    default:
      return sequence === '/' ? { ...view, typing: true, details: false } : view;
  }
}

/**
 * @param {View} view
 * @param {string} name
 * @param {string} sequence
 * @returns {View}
 */
function typed(view, name, sequence) {
  if (name === 'return') return { ...view, typing: false };
  if (name === 'escape') return { ...view, typing: false, filter: '' };
  if (name === 'backspace') return { ...view, filter: view.filter.slice(0, -1) };
  const isText = sequence !== '' && !/\p{C}/u.test(sequence);
  return isText ? { ...view, filter: view.filter + sequence, selected: 0 } : view;
}

/**
 * Until a key ends it.
 * @param {() => { recording: Recording, alive: boolean }} read
 * @returns {Promise<void>}
 */
async function live(read) {
  const { stdin, stdout } = process;
  let view = FIRST_VIEW;
  let { recording, alive } = read();
  const draw = () => {
    const last = Math.max(0, shown(recording, view).length - 1);
    view = { ...view, selected: Math.min(view.selected, last) };
    const present = { alive, now: view.paused ? recording.at : Date.now() };
    // Of a serial line, or a container, the size may not be known.
    const size = { columns: stdout.columns || COLUMNS, rows: stdout.rows || ROWS };
    const lines = screen(recording, view, present, size);
    stdout.write(HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n'));
  };
  const refresh = () => {
    if (!view.paused) ({ recording, alive } = read());
    draw();
  };

  const { promise, resolve, reject } = withResolvers();
  const guarded = (/** @type {() => void} */ action) => () => {
    try {
      action();
    } catch (error) {
      reject(error);
    }
  };
  const onKey = (/** @type {string | undefined} */ _text, /** @type {Key} */ key) => {
    const next = pressed(view, key);
    if (next === null) return resolve();
    view = next;
    guarded(draw)();
  };
  const onSignal = () => resolve();

  readline.emitKeypressEvents(stdin);
  stdout.write(ENTER_SCREEN);
  stdin.setRawMode(true);
  stdin.resume().on('keypress', onKey);
  stdout.on('resize', guarded(draw));
  for (const signal of SIGNALS) process.once(signal, onSignal);
  const timer = setInterval(guarded(refresh), REFRESH_MS);
  try {
    guarded(draw)();
    await promise;
  } finally {
    clearInterval(timer);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    stdin.removeListener('keypress', onKey);
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(LEAVE_SCREEN);
  }
}

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** As `Promise.withResolvers`, which Node.js 20 has not. */
function withResolvers() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {(error: unknown) => void} */
  let reject = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}

exports.live = live;
exports.pressed = pressed;
