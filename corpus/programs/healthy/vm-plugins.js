'use strict';

/** Shop plugins in contexts of their own: each run gets a fresh one, and of the compiled scripts there are thirty. */

const vm = require('node:vm');
const { pace } = require('../../support/pace');

const PLUGINS = 30;
const scripts = new Map();
const verdicts = { allowed: 0, refused: 0, stopped: 0 };

function sourceOf(plugin) {
  return `
    const limit = ${50 + plugin * 9};
    function price(lines) { return lines.reduce((sum, line) => sum + line.price * line.count, 0); }
    if (basket.id % 40 === ${plugin}) throw new Error('plugin ${plugin} has a bad day');
    const total = price(basket.lines);
    answer(total > limit ? 'allowed' : 'refused', total);
  `;
}

function scriptOf(plugin) {
  let script = scripts.get(plugin);
  if (script === undefined) {
    script = new vm.Script(sourceOf(plugin), { filename: `plugin-${plugin}.js` });
    scripts.set(plugin, script);
  }
  return script;
}

function check(basket, plugin) {
  let verdict = 'refused';
  const sandbox = vm.createContext({
    basket: structuredClone(basket),
    answer: (given) => {
      verdict = given;
    },
  });
  try {
    scriptOf(plugin).runInContext(sandbox, { timeout: 100 });
    verdicts[verdict] += 1;
  } catch {
    verdicts.stopped += 1;
  }
}

pace(12, (n) => {
  const lines = Array.from({ length: 10 }, (_, i) => ({ price: (n * i) % 60, count: 1 + (i % 3) }));
  check({ id: n, lines }, n % PLUGINS);
});
