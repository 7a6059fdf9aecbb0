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

/**
 * @param {number[]} samples
 * @returns {number | null} of their mean; null for fewer than two
 */
function standardError(samples) {
  const count = samples.length;
  if (count < 2) return null;
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0);
  return Math.sqrt(squares / (count - 1) / count);
}

exports.runNode = runNode;
exports.standardError = standardError;
exports.summary = summary;
