'use strict';

/**
 * Translations in a Map without a bound, which needs none: there are 6,000 phrases, asked for as
 * phrases are, few of them very often, so that it fills ever more slowly.
 */

const { pace } = require('../../support/pace');

const PHRASES = 6_000;

const translations = new Map();

function translate(phrase) {
  let known = translations.get(phrase);
  if (known === undefined) {
    known = { phrase, de: `Satz ${phrase}`, fr: `phrase ${phrase}`, es: `frase ${phrase}` };
    translations.set(phrase, known);
  }
  return known;
}

pace(2_000, () => translate(Math.floor(PHRASES ** Math.random())));
