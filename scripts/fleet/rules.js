'use strict';

/** The shipped rules for a run of seconds: the same expressions, which wait less. */

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../setup');

const RULES = path.join(ROOT, 'fleet', 'leakguard.rules.yml');

/** @returns {string} YAML: what alerts for minutes there alerts for as many seconds here */
function readRulesOfSeconds() {
  return fs.readFileSync(RULES, 'utf8').replaceAll(/(for: \d+)m$/gm, '$1s');
}

exports.RULES = RULES;
exports.readRulesOfSeconds = readRulesOfSeconds;
