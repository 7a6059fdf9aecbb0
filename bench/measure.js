'use strict';

/** What the benches have in common: a Node.js run to its end, and what is said of several figures. */

const { spawnSync } = require('node:child_process');
const { quantile } = require('../scripts/quantile');
const { bareEnvironment } = require('../scripts/setup');

/**
 * @param {string} node
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]  beside that of a bare process
 * @returns {string} standard output
 */
function runNode(node, args, env) {
  const { status, stdout, stderr } = spawnSync(node, args, {
    encoding: 'utf8',
    env: { ...bareEnvironment(), ...env },
  });
  if (status !== 0) throw new Error(`${node} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** @param {number[]} numbers  the least is the best */
function summary(numbers) {
  const median = quantile(numbers, 0.5);
  return { best: Math.min(...numbers), median, worst: Math.max(...numbers) };
}

exports.runNode = runNode;
exports.summary = summary;
