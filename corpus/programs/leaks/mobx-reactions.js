'use strict';

/** Widgets that follow a mobx store with autorun; a widget that goes does not dispose its reaction. */

const { autorun, makeAutoObservable } = require('mobx');
const { pace } = require('../../support/pace');

const WIDGETS_PER_SECOND = 80;
const CHANGES_PER_SECOND = 5;

class Weather {
  celsius = 18;
  place = 'Ulm';

  constructor() {
    makeAutoObservable(this);
  }

  measure(celsius) {
    this.celsius = celsius;
  }
}

class Widget {
  constructor(weather, id) {
    this.id = id;
    this.text = '';
    autorun(() => {
      this.text = `${weather.place}: ${weather.celsius} °C`;
    });
  }
}

const weather = new Weather();
const shown = [];
let n = 0;

setInterval(() => {
  n += 1;
  weather.measure(15 + (n % 9));
}, 1000 / CHANGES_PER_SECOND);

pace(WIDGETS_PER_SECOND, (id) => {
  shown.push(new Widget(weather, id));
  if (shown.length > 30) shown.shift();
}).then(() => process.exit(0));
