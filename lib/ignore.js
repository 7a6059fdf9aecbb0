'use strict';

/**
 * Rules: what a finding must be like to be left out (option `ignore`) or to be meant (`allow()`), and
 * how they are written. It does not know what follows from a match.
 *
 * A rule with fields matches where all of them do. Where one line dominates a finding, `package` and
 * `path` are those of that line, elsewhere every one of its lines must match; so must every mark, and
 * what no mark owns has none: what a rule does not cover wholly stays.
 */

const { types } = require('node:util');
const { LeakguardError, inspectValue } = require('./errors');

/** @typedef {import('..').Finding} Finding */
/** @typedef {import('..').IgnoreRule} IgnoreRule */
/** @typedef {(finding: Finding) => boolean} Test */

const KINDS = [
  'listeners',
  'timers',
  'collections',
  'globals',
  'objects',
  'promises',
  'handles',
  'heap',
  'retained',
];
/** Between the rules of one text, in the environment. */
const SEPARATOR = /[,\n]/;

/**
 * What a field takes: a pattern, or a text that is one of `accepted`.
 * @typedef {object} Field
 * @property {(text: string) => boolean} isText
 * @property {string} accepts
 * @property {(finding: Finding, matches: (text: string) => boolean) => boolean} test
 */

/** @param {string} text */
const isNotEmpty = (text) => text !== '';
const anyText = { isText: isNotEmpty, accepts: 'a non-empty text' };

/**
 * @param {Finding} finding
 * @param {(site: import('..').Site) => boolean} matches
 */
function bySite({ site, sites }, matches) {
  const dominant = site === null ? sites : [site];
  return dominant.length > 0 && dominant.every(matches);
}

/** @type {Record<string, Field>} */
const FIELDS = {
  package: {
    ...anyText,
    test: (finding, matches) => bySite(finding, (site) => matches(site.package ?? '')),
  },
  path: {
    ...anyText,
    test: (finding, matches) => bySite(finding, ({ file }) => matches(file)),
  },
  kind: {
    isText: (text) => KINDS.includes(text),
    accepts: KINDS.join(', '),
    test: ({ kind }, matches) => matches(kind),
  },
  signature: {
    isText: (text) => /^[\da-f]{16}$/.test(text),
    accepts: '16 hex digits, as a report prints them',
    test: ({ signature }, matches) => matches(signature),
  },
  owner: { ...anyText, test: ({ owner }, matches) => matches(owner) },
  mark: {
    ...anyText,
    test: ({ marks, count }, matches) => {
      const owned = marks.reduce((sum, mark) => sum + mark.count, 0);
      return owned > 0 && owned === count && marks.every(({ label }) => matches(label));
    },
  },
};

const ACCEPTS_RULE = `a text, a regular expression, a function, or an object of ${Object.keys(FIELDS).join(', ')}`;

/** @param {string} message */
const refused = (message) => new LeakguardError('ERR_LEAKGUARD_OPTION', message);

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {Test}
 */
function fieldTest(name, value) {
  if (!Object.hasOwn(FIELDS, name)) {
    throw refused(
      `${inspectValue(name)} is no field of a rule; accepted is ${Object.keys(FIELDS).join(', ')}`,
    );
  }
  const { isText, accepts, test } = FIELDS[name];
  if (types.isRegExp(value)) return (finding) => test(finding, (text) => text.search(value) !== -1);
  if (typeof value !== 'string' || !isText(value)) {
    throw refused(
      `${name} ${inspectValue(value)} is not accepted; accepted is ${accepts}, or a regular expression`,
    );
  }
  const matches = (/** @type {string} */ text) =>
    name === 'path' ? text.includes(value) : text === value;
  return (finding) => test(finding, matches);
}

/**
 * A text without a field: the signature, the package or the owner, or part of the file.
 * @param {string} text
 * @returns {Test}
 */
function textTest(text) {
  return ({ signature, owner, site }) =>
    [signature, owner, site?.package].includes(text) || site?.file.includes(text) === true;
}

/**
 * @param {RegExp} pattern
 * @returns {Test}
 */
function patternTest(pattern) {
  return ({ signature, owner, site }) =>
    [signature, owner, site?.package, site?.file].some(
      (text) => text != null && text.search(pattern) !== -1,
    );
}

class Rule {
  #test;

  /**
   * @param {string} label  as a report names it
   * @param {Test} test
   * @param {boolean} [readsAll]  whether it may read what no pattern is matched with
   */
  constructor(label, test, readsAll = false) {
    this.label = label;
    this.readsAll = readsAll;
    this.hasMatched = false;
    this.#test = test;
  }

  /**
   * @param {Finding} finding
   * @param {(message: string) => void} warn  told when a function of the host's throws
   */
  matches(finding, warn) {
    try {
      if (this.#test(finding) !== true) return false;
    } catch (error) {
      warn(`the rule ${this.label} threw and is taken as false: ${error}`);
      return false;
    }
    this.hasMatched = true;
    return true;
  }
}

/**
 * @param {unknown} rule
 * @returns {Rule}
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION, naming the value and what is accepted
 */
function createRule(rule) {
  if (typeof rule === 'function') {
    const label = `the function ${rule.name || 'without a name'}`;
    return new Rule(label, /** @type {Test} */ (rule), true);
  }
  if (types.isRegExp(rule)) return new Rule(String(rule), patternTest(rule));
  if (typeof rule === 'string' && rule !== '') {
    const [name] = rule.split(':', 1);
    const isField = rule.includes(':') && Object.hasOwn(FIELDS, name);
    const test = isField ? fieldTest(name, rule.slice(name.length + 1)) : textTest(rule);
    return new Rule(rule, test);
  }
  const fields =
    typeof rule === 'object' && rule !== null && !Array.isArray(rule) ? Object.entries(rule) : [];
  const given = fields.filter(([, value]) => value !== undefined);
  if (given.length === 0) {
    throw refused(`the rule ${inspectValue(rule)} is not accepted; accepted is ${ACCEPTS_RULE}`);
  }
  const tests = given.map(([name, value]) => fieldTest(name, value));
  const label = given.map(([name, value]) => `${name}:${value}`).join(' ');
  return new Rule(label, (finding) => tests.every((test) => test(finding)));
}

/**
 * @param {unknown} value  an array of rules, or a text with commas between them
 * @returns {Rule[] | undefined} undefined when it is neither
 * @throws {LeakguardError} ERR_LEAKGUARD_OPTION, naming the rule that is not accepted
 */
function readRules(value) {
  if (typeof value === 'string') {
    const texts = value.split(SEPARATOR).map((text) => text.trim());
    return texts.filter(isNotEmpty).map(createRule);
  }
  return Array.isArray(value) ? value.map(createRule) : undefined;
}

/**
 * Asks every rule, since one that is not asked would pass for one that hides nothing.
 * @param {Finding} finding
 * @param {Rule[]} rules
 * @param {(message: string) => void} warn
 */
const matchesAny = (finding, rules, warn) =>
  rules.filter((rule) => rule.matches(finding, warn)).length > 0;

const STALE = 'no finding has matched the ignore rule ';

/**
 * Rules that have hidden nothing, as notes of a report.
 * @param {Rule[]} rules
 */
const staleNotes = (rules) =>
  rules.filter(({ hasMatched }) => !hasMatched).map(({ label }) => `${STALE}${label}`);

/** @param {string} note */
const isStaleNote = (note) => note.startsWith(STALE);

exports.ACCEPTS_RULE = ACCEPTS_RULE;
exports.Rule = Rule;
exports.createRule = createRule;
exports.isStaleNote = isStaleNote;
exports.matchesAny = matchesAny;
exports.readRules = readRules;
exports.staleNotes = staleNotes;
