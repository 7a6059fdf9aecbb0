'use strict';

/** A file of ten small tests, as most are: what its process takes to start is most of what it takes. */

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { test } = require('node:test');

for (let index = 0; index < 10; index += 1) {
  test(`test ${index}`, () => {
    const emitter = new EventEmitter();
    emitter.on('x', () => {});
    assert.ok(emitter.emit('x'));
  });
}
