'use strict';

/** A model that views listen to with eventemitter3; a view that is closed goes on listening. */

const EventEmitter = require('eventemitter3');
const { pace } = require('../../support/pace');

const VIEWS_PER_SECOND = 100;
const CHANGES_PER_SECOND = 20;

class Model extends EventEmitter {
  constructor() {
    super();
    this.fields = new Map();
  }

  set(field, value) {
    this.fields.set(field, value);
    this.emit('change', field, value);
  }
}

class View {
  constructor(model, id) {
    this.id = id;
    this.lines = Array.from({ length: 12 }, (_, line) => `view ${id}, line ${line}`);
    model.on('change', this.redraw, this);
  }

  redraw(field, value) {
    this.lines[0] = `${field}: ${value}`;
  }

  close() {
    this.lines = [];
  }
}

const model = new Model();
const open = [];

setInterval(() => model.set('visitors', Date.now()), 1000 / CHANGES_PER_SECOND);

pace(VIEWS_PER_SECOND, (n) => {
  open.push(new View(model, n));
  if (open.length > 20) open.shift().close();
}).then(() => process.exit(0));
