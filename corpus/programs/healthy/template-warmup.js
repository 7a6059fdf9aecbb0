'use strict';

/** Mails by handlebars: each of 300 templates is compiled when it is first needed, and then kept. */

const Handlebars = require('handlebars');
const { pace } = require('../../support/pace');

const TEMPLATES = 300;

const mails = Handlebars.create();
mails.registerHelper('money', (cents) => `${(cents / 100).toFixed(2)} EUR`);
const compiled = new Map();

function template(id) {
  let render = compiled.get(id);
  if (render === undefined) {
    render = mails.compile(
      `<h1>Mail ${id}</h1>{{#each items}}<li>{{name}} {{money cents}}</li>{{/each}}<p>{{name}}</p>`,
    );
    compiled.set(id, render);
  }
  return render;
}

pace(120, (n) => {
  const items = Array.from({ length: 10 }, (_, item) => ({
    name: `Item ${item}`,
    cents: n + item,
  }));
  template(Math.floor(Math.random() * TEMPLATES))({ name: `Customer ${n}`, items });
});
