'use strict';

/**
 * Metric families in Prometheus's text format, version 0.0.4. Names follow OpenTelemetry's rules for the way there: dots
 * become underscores, the unit is spelled out at the end, counters end in `_total`.
 */

/** @typedef {import('..').MetricFamily} MetricFamily */

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** @type {Record<string, string>} */
const UNITS = { By: 'bytes', s: 'seconds', 1: 'ratio' };

/** @param {string} unit  UCUM; what is in braces is a remark */
function unitSuffix(unit) {
  const [of = '', per] = unit.replaceAll(/\{.*?\}/g, '').split('/');
  const counted = UNITS[of] === undefined ? '' : `_${UNITS[of]}`;
  return per === undefined ? counted : `${counted}_per_second`;
}

/**
 * @param {Pick<MetricFamily, 'name' | 'unit' | 'type'>} family
 * @returns {string} as Prometheus has it
 */
function prometheusName({ name, unit, type }) {
  return `${prometheusLabel(name)}${unitSuffix(unit)}${type === 'counter' ? '_total' : ''}`;
}

/** Of attributes and families, by their name: there are a few dozen. @type {Record<string, string>} */
const LABELS = Object.create(null);

/** @param {string} name  of an attribute */
function prometheusLabel(name) {
  LABELS[name] ??= name.replaceAll('.', '_');
  return LABELS[name];
}

/** @type {Record<string, string>} */
const ESCAPES = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
const ESCAPED = /[\\\n"]/g;
const NEEDS_ESCAPE = /[\\\n"]/;

/** Asked first: nearly none has something to escape, and replacing takes its time all the same. @param {string} value */
const escapeLabel = (value) =>
  NEEDS_ESCAPE.test(value)
    ? value.replaceAll(ESCAPED, (character) => ESCAPES[character] ?? '')
    : value;

/**
 * Most of a scrape's time is here: no array for each label.
 * @param {import('..').MetricAttributes} attributes
 */
function formatLabels(attributes) {
  let text = '';
  for (const key of Object.keys(attributes)) {
    const label = `${prometheusLabel(key)}="${escapeLabel(`${attributes[key]}`)}"`;
    text += text === '' ? label : `,${label}`;
  }
  return text === '' ? '' : `{${text}}`;
}

/** @param {MetricFamily} family */
function formatFamily(family) {
  const { help, type, samples } = family;
  if (samples.length === 0) return '';
  const name = prometheusName(family);
  const lines = samples.map(
    ({ attributes, value }) => `${name}${formatLabels(attributes)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

/**
 * @param {MetricFamily[]} families
 * @returns {string} the text of a scrape; families without a sample are left out
 */
function formatFamilies(families) {
  return families.map(formatFamily).join('');
}

exports.CONTENT_TYPE = CONTENT_TYPE;
exports.formatFamilies = formatFamilies;
exports.prometheusLabel = prometheusLabel;
exports.prometheusName = prometheusName;
