'use strict';

/**
 * A program that leaks listeners, with leakguard, until its end: by a signal from outside, by `process.abort()` or by
 * its heap. Every tick that the recorder has written, and every finding before its warning, it says by itself, as
 * lines `tick N` and `told SIGNATURE` that are out before anything else runs.
 */

const { EventEmitter } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const { Engine } = require(path.join(ROOT, 'native', 'binding.js'));

const [, , how, delay] = process.argv;

const say = (/** @type {string} */ line) => fs.writeSync(1, `${line}\n`);

let ticks = 0;
const { tick } = Engine.prototype;
/** @type {typeof tick} */
Engine.prototype.tick = function (...args) {
  const waiting = Reflect.apply(tick, this, args);
  ticks += 1;
  say(`tick ${ticks}`);
  if (how === 'abort' && ticks === 1) setTimeout(() => process.abort(), Number(delay));
  return waiting;
};

const leakguard = require(ROOT);
leakguard.on('finding', ({ signature }) => say(`told ${signature}`));

const bus = new EventEmitter().setMaxListeners(0);
const other = new EventEmitter().setMaxListeners(0);
/** @type {object[]} */
const kept = [];
setInterval(() => {
  bus.on('message', () => {});
  if (kept.length % 2 === 0) other.on(`message ${kept.length % 8}`, () => {});
  kept.push({});
}, 1);

if (how === 'heap') {
  setInterval(() => {
    for (let i = 0; i < 4000; i += 1) kept.push({ i, list: [i] });
  }, 5);
}
